#!/bin/sh
# Makes the Teams app package, ready to upload in the Teams admin center (Manage apps > Upload new app).
#   teams/package.sh BOT_APP_ID TEAMS_APP_ID CONSOLE_HOST [irfunctions-teams.zip]
# BOT_APP_ID is the bot's Entra application id, TEAMS_APP_ID a GUID of your own choosing that stays the same over versions.
set -eu
[ $# -ge 3 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
for id in "$1" "$2"; do
  echo "$id" | grep -Eqi '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' || { echo "$id is not a GUID" >&2; exit 2; }
done
echo "$3" | grep -Eq '^[A-Za-z0-9.-]+$' || { echo "$3 is not a host name" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
sed -e "s/\${{BOT_APP_ID}}/$1/g" -e "s/\${{TEAMS_APP_ID}}/$2/g" -e "s/\${{CONSOLE_HOST}}/$3/g" "$here/manifest.json" > "$out/manifest.json"
cp "$here/color.png" "$here/outline.png" "$out/"
target=$(pwd)/${4:-irfunctions-teams.zip}
rm -f "$target"
python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    [z.write(sys.argv[2] + "/" + n, n) for n in ("manifest.json", "color.png", "outline.png")]' "$target" "$out"
echo "$target"
