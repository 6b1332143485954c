# Start a web server that has one parent and two workers, on port 8080.  Usage: sh workers.sh [nginx]
# nginx, if you ask for it and it is installed. Otherwise the web server that comes with Python.
if [ "$1" = nginx ] && command -v nginx >/dev/null; then
    echo "nginx serves"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    nginx -p "$folder/" -c "$PWD/nginx.conf"
else
    [ "$1" = nginx ] && echo "nginx is not installed here; Python's http.server serves"
    exec python3 workers.py
fi
