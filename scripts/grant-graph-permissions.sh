#!/usr/bin/env bash
# Gives the pipeline's identity its Microsoft Graph application permissions, or only compares (--check). docs/permissions.md says why each.
# Whoever runs it is Privileged Role Administrator (or Global Administrator). It grants by name, looks ids up in the tenant, and can be repeated.
#   scripts/grant-graph-permissions.sh --principal OBJECT-ID-OF-THE-IDENTITY [--check] [--remove-surplus] [--also PERMISSION ...]
set -euo pipefail

permissions=(
  Application.Read.All
  Application.ReadWrite.OwnedBy
  AuditLog.Read.All
  Device.Read.All
  GroupMember.Read.All
  Mail.ReadWrite
  Policy.Read.All
  Policy.ReadWrite.ConditionalAccess
  RoleManagement.Read.Directory
  SecurityAlert.Read.All
  SecurityIncident.Read.All
  ThreatHunting.Read.All
  User.EnableDisableAccount.All
  User.Read.All
  User.RevokeSessions.All
)

principal='' check=false remove=false
while [ $# -gt 0 ]; do
  case "$1" in
    --principal) principal=${2:-}; shift 2 ;;
    --also) permissions+=("${2:?--also wants a permission}"); shift 2 ;;
    --check) check=true; shift ;;
    --remove-surplus) remove=true; shift ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
done
if [ -z "$principal" ]; then echo "usage: $0 --principal OBJECT-ID [--check] [--remove-surplus]" >&2; exit 2; fi

graph=https://graph.microsoft.com/v1.0
# Microsoft Graph's own service principal; its application id is the same in every tenant.
resource=$(az rest --method get --url "$graph/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?\$select=id" --query id --output tsv)
roles=$(az rest --method get --url "$graph/servicePrincipals/$resource/appRoles" --query 'value[].[value,id]' --output tsv)
held=$(az rest --method get --url "$graph/servicePrincipals/$principal/appRoleAssignments" \
  --query "value[?resourceId=='$resource'].[appRoleId,id]" --output tsv)

problems=0
for permission in "${permissions[@]}"; do
  role=$(awk -v name="$permission" '$1 == name { print $2 }' <<<"$roles")
  if [ -z "$role" ]; then echo "there is no permission $permission in this tenant's Graph" >&2; exit 1; fi
  if grep -q "^$role" <<<"$held"; then
    echo "granted   $permission"
  elif $check; then
    echo "MISSING   $permission"; problems=1
  else
    az rest --method post --url "$graph/servicePrincipals/$principal/appRoleAssignments" --headers 'Content-Type=application/json' \
      --body "{\"principalId\":\"$principal\",\"resourceId\":\"$resource\",\"appRoleId\":\"$role\"}" --output none
    echo "granted   $permission (now)"
  fi
done

while read -r role assignment; do
  if [ -z "$role" ]; then continue; fi
  name=$(awk -v id="$role" '$2 == id { print $1 }' <<<"$roles")
  wanted=false
  for permission in "${permissions[@]}"; do if [ "$permission" = "$name" ]; then wanted=true; fi; done
  if $wanted; then continue; fi
  if $remove && ! $check; then
    az rest --method delete --url "$graph/servicePrincipals/$principal/appRoleAssignments/$assignment" --output none
    echo "removed   $name"
  else
    echo "SURPLUS   $name"; problems=1
  fi
done <<<"$held"
exit $problems
