# Ask a web server for the same page, several times.  Usage: sh ask.sh [URL [TIMES]]
# curl does it where it is installed. Where it is not, the HTTP client that comes with Python does.
url=${1:-http://127.0.0.1:8000/}
times=${2:-1}

if command -v curl >/dev/null; then
    echo "curl asks"
    curl -s -o /dev/null -w 'status %{http_code}, asked from port %{local_port}\n' "$url?[1-$times]"
else
    echo "curl is not installed here; Python's http.client asks"
    python3 ask.py "$url" "$times" 2>/dev/null
fi || { echo "no answer from $url" >&2; exit 1; }
