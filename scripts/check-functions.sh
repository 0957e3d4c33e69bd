#!/usr/bin/env bash
# Compares published functions and their bindings with the expected list. Order does not matter; a function too many, too few or bound otherwise does.
#   scripts/check-functions.sh publish/functions.metadata [EXPECTED]
set -euo pipefail
cd "$(dirname "$0")/.."

published=${1:?usage: $0 FUNCTIONS.METADATA [EXPECTED]} expected=${2:-tests/data/worker/functions.json}
# The build writes empty properties where the list has none.
form='sort_by(.name) | map({name, entryPoint, bindings: .bindings | map(if .properties == {} then del(.properties) else . end)})'
if ! diff --unified <(jq --sort-keys "$form" "$expected") <(jq --sort-keys "$form" "$published"); then
  echo "the functions in $published are not those in $expected" >&2; exit 1
fi
echo "$(jq length "$published") functions, bound as expected"
