#!/usr/bin/env bash
# Puts one alert on the queue, as a playbook would: over HTTPS, as the signed-in person, with a stable message id (the file's content).
# Needs the role Azure Service Bus Data Sender on the queue.
#   scripts/send-test-alert.sh NAMESPACE.servicebus.windows.net samples/graph-alert-account-adele.json
set -euo pipefail

host=${1:?usage: $0 NAMESPACE.servicebus.windows.net FILE} file=${2:?usage: $0 NAMESPACE.servicebus.windows.net FILE}
token=$(az account get-access-token --resource https://servicebus.azure.net --query accessToken --output tsv)
id=$(sha256sum "$file" | cut -c1-32)
# The token goes through a file descriptor, so that it shows in no process list.
curl --fail-with-body --silent --show-error --request POST "https://$host/alerts/messages" --config <(printf 'header = "Authorization: Bearer %s"\n' "$token") \
  --header 'Content-Type: application/json' --header "BrokerProperties: {\"MessageId\":\"test-$id\"}" --data-binary "@$file"
echo "sent $file as test-$id"
