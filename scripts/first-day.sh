#!/usr/bin/env bash
# The steps of docs/deploy.md that no template can do: the registration that people sign in with, and what needs the deployed app to exist.
#   scripts/first-day.sh before NAME               creates the registration NAME, prints parameters for the bicepparam file
#   scripts/first-day.sh after RESOURCE-GROUP NAME  lets the identity vouch for it, tells it the app's address, grants Graph permissions
#   scripts/first-day.sh role NAME PERSON ROLE      gives a person the role approver, responder, reader, stopper or identities
# Can be repeated. Needs Azure CLI, signed in to the tenant.
set -euo pipefail
cd "$(dirname "$0")/.."

azure_cli=04b07795-8ddb-461a-bbee-02f9e1bf7b46             # Azure CLI's application id, the same in every tenant
security_insights=98785600-1bb7-4fb9-b9fa-19afe2c8a360     # "Azure Security Insights": Microsoft Sentinel's own service principal
usage="usage: $0 before NAME | after RESOURCE-GROUP NAME | role NAME PERSON approver|responder|reader|stopper|identities"
# Ids of the app roles: of our own choosing, the same in every tenant.
approver=5f0b6c1e-6f0e-4a53-9a55-3d2f5c9e1a01 responder=5f0b6c1e-6f0e-4a53-9a55-3d2f5c9e1a02 reader=5f0b6c1e-6f0e-4a53-9a55-3d2f5c9e1a03
stopper=5f0b6c1e-6f0e-4a53-9a55-3d2f5c9e1a04 identities=5f0b6c1e-6f0e-4a53-9a55-3d2f5c9e1a05

registration() { az ad app list --filter "displayName eq '$1'" --query '[0].appId' --output tsv; }

before() {
  local client scope
  client=$(registration "$1")
  if [ -z "$client" ]; then client=$(az ad app create --display-name "$1" --sign-in-audience AzureADMyOrg --query appId --output tsv); fi
  if [ -z "$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)" ]; then az ad sp create --id "$client" --output none; fi
  # One scope, so that responders get tokens with Azure CLI: az account get-access-token --resource api://CLIENT
  scope=$(az ad app show --id "$client" --query 'api.oauth2PermissionScopes[0].id' --output tsv)
  if [ -z "$scope" ]; then
    scope=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)
    az ad app update --id "$client" --identifier-uris "api://$client" --set "api={\"requestedAccessTokenVersion\":2,\"oauth2PermissionScopes\":[{\"id\":\"$scope\",\"value\":\"respond\",\"type\":\"User\",\"isEnabled\":true,\"adminConsentDisplayName\":\"Respond to incidents\",\"adminConsentDescription\":\"Look at incidents and answer requests as the signed-in person.\"}]}"
    az ad app update --id "$client" --set "api.preAuthorizedApplications=[{\"appId\":\"$azure_cli\",\"delegatedPermissionIds\":[\"$scope\"]}]"
  fi
  if [ -z "$(az ad app show --id "$client" --query 'appRoles[0].id' --output tsv)" ]; then
    az ad app update --id "$client" --app-roles "[$(app_role "$approver" approver 'Answers requests, releases and confirms.'),$(app_role "$responder" responder 'Releases and confirms.'),$(app_role "$reader" reader 'Looks.'),$(app_role "$stopper" stopper 'Stops all new actions and lifts the stop.'),$(app_role "$identities" identities 'Looks, at single identities too.')]"
  fi
  az ad sp update --id "$client" --set appRoleAssignmentRequired=true # Nobody signs in without a role.
  echo "param signInClientId = '$client'"
  echo "param sentinelServicePrincipalId = '$(az ad sp list --filter "appId eq '$security_insights'" --query '[0].id' --output tsv)'"
}

app_role() { echo "{\"id\":\"$1\",\"value\":\"$2\",\"displayName\":\"$2\",\"description\":\"$3\",\"allowedMemberTypes\":[\"User\"],\"isEnabled\":true}"; }

role() {
  local client resource person id
  case "$3" in approver) id=$approver ;; responder) id=$responder ;; reader) id=$reader ;; stopper) id=$stopper ;; identities) id=$identities ;; *) echo "$usage" >&2; exit 2 ;; esac
  client=$(registration "$1")
  if [ -z "$client" ]; then echo "there is no registration $1; run: $0 before $1" >&2; exit 1; fi
  resource=$(az ad sp show --id "$client" --query id --output tsv) person=$(az ad user show --id "$2" --query id --output tsv)
  az rest --method POST --url "https://graph.microsoft.com/v1.0/users/$person/appRoleAssignments" --output none \
    --body "{\"principalId\":\"$person\",\"resourceId\":\"$resource\",\"appRoleId\":\"$id\"}"
  echo "$2 may sign in as $3"
}

after() {
  local group=$1 client host principal issuer app
  client=$(registration "$2")
  if [ -z "$client" ]; then echo "there is no registration $2; run: $0 before $2" >&2; exit 1; fi
  output() { az deployment group show --resource-group "$group" --name irfunctions --query "properties.outputs.$1.value" --output tsv; }
  host=$(output appHost) principal=$(output identityPrincipalId) app=$(output appName)
  issuer="https://login.microsoftonline.com/$(az account show --query tenantId --output tsv)/v2.0"
  az ad app update --id "$client" --web-redirect-uris "https://$host/.auth/login/aad/callback" --enable-id-token-issuance true
  if [ -z "$(az ad app federated-credential list --id "$client" --query "[?subject=='$principal'].id" --output tsv)" ]; then
    az ad app federated-credential create --id "$client" --output none --parameters \
      "{\"name\":\"irfunctions\",\"issuer\":\"$issuer\",\"subject\":\"$principal\",\"audiences\":[\"api://AzureADTokenExchange\"]}"
  fi
  scripts/grant-graph-permissions.sh --principal "$principal"
  echo "$app answers at https://$host/api/health"
}

case "${1:-}" in
  before) before "${2:?$usage}" ;;
  after) after "${2:?$usage}" "${3:?$usage}" ;;
  role) role "${2:?$usage}" "${3:?$usage}" "${4:?$usage}" ;;
  *) echo "$usage" >&2; exit 2 ;;
esac
