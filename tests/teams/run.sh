#!/bin/sh
# The whole end-to-end run in one command; see README.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/irfunctions-teams
mkdir -p "$cache"
[ -f "$cache/package.json" ] || echo '{"private":true}' > "$cache/package.json"
# Installed when used, outside the repository: the test client is licensed for evaluation and must not be redistributed.
[ -d "$cache/node_modules/@microsoft/m365agentsplayground" ] && [ -d "$cache/node_modules/playwright-core" ] ||
  npm install --prefix "$cache" --no-audit --no-fund --no-save @microsoft/m365agentsplayground@0.2.28 playwright-core@1.65.1
dotnet build "$here/../../local" -v q -nologo
NODE_MODULES="$cache/node_modules" exec node "$here/run.mjs"
