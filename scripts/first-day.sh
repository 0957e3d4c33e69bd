#!/usr/bin/env bash
# The steps of docs/deploy.md that no template can do: the registration that people sign in with, and what needs the deployed app to exist.
#   scripts/first-day.sh before NAME               creates the registration NAME, prints parameters for the bicepparam file
#   scripts/first-day.sh after RESOURCE-GROUP NAME  lets the identity vouch for it, tells it the app's address, grants Graph permissions
# Can be repeated. Needs Azure CLI, signed in to the tenant.
set -euo pipefail
cd "$(dirname "$0")/.."

azure_cli=04b07795-8ddb-461a-bbee-02f9e1bf7b46             # Azure CLI's application id, the same in every tenant
security_insights=98785600-1bb7-4fb9-b9fa-19afe2c8a360     # "Azure Security Insights": Microsoft Sentinel's own service principal
usage="usage: $0 before NAME | after RESOURCE-GROUP NAME"

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
  echo "param signInClientId = '$client'"
  echo "param sentinelServicePrincipalId = '$(az ad sp list --filter "appId eq '$security_insights'" --query '[0].id' --output tsv)'"
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
  *) echo "$usage" >&2; exit 2 ;;
esac
