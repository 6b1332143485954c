# A web server on port 8080 that asks an application at a Unix socket.  Usage: sh front.sh
# nginx does it where it is installed. Where it is not, a few lines of Python do.
if command -v nginx >/dev/null; then
    echo "nginx stands in front"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    nginx -p "$folder/" -c "$PWD/front.conf"
else
    echo "nginx is not installed here; Python stands in front"
    exec python3 front.py
fi
