#!/usr/bin/env bash
# Compares the Azure roles of an identity with the table in docs/permissions.md: a role that is not in the table is more than needed.
# Reads only.
#   scripts/check-azure-roles.sh --principal OBJECT-ID-OF-THE-IDENTITY
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --principal ] || [ -z "${2:-}" ]; then echo "usage: $0 --principal OBJECT-ID" >&2; exit 2; fi
principal=$2

known=$(awk -F '|' '/^## Azure roles/ { on = 1 } on && $3 ~ /[0-9a-f]{8}-/ { gsub(/ /, "", $3); print $3 }' docs/permissions.md)
problems=0
while IFS=$'\t' read -r definition name scope; do
  if [ -z "$definition" ]; then continue; fi
  if grep -q "^${definition##*/}$" <<<"$known"; then echo "in the table   $name on $scope"
  else echo "SURPLUS        $name on $scope"; problems=1; fi
done < <(az role assignment list --all --assignee "$principal" --query '[].[roleDefinitionId,roleDefinitionName,scope]' --output tsv)
exit $problems
