// Everything the pipeline needs in Azure, in one resource group. docs/deploy.md explains every resource; nothing here holds a key or a secret.
targetScope = 'resourceGroup'

@description('Starts every name: lower-case letters and digits, a letter first. A short hash of the resource group follows it, so that names are free worldwide.')
@minLength(3)
@maxLength(10)
param prefix string = 'irfunc'
@description('Region of everything but the bot, which is global. Must offer Flex Consumption; `az functionapp list-flexconsumption-locations` lists such regions.')
param location string = resourceGroup().location
@description('Put on every resource. Say at least who owns it and what it is for.')
param tags object = { application: 'irfunctions' }

@description('Where orchestrations keep their state. azure-storage is enough for most teams; durable-task-scheduler when one storage account is outgrown (docs/deploy-durable.md).')
@allowed(['azure-storage', 'durable-task-scheduler'])
param durableBackend string = 'azure-storage'
@description('SKU of the Durable Task Scheduler; read only with that backend.')
@allowed(['Consumption', 'Dedicated'])
param schedulerSku string = 'Consumption'
@description('Name of the task hub. A release that must not touch running incidents gets a hub of its own (docs/deploy-upgrade.md).')
@minLength(3)
@maxLength(45)
param taskHub string = 'irfunctions'
@description('Letters that make a second app beside the first, for a release that must not touch running incidents (docs/deploy-upgrade.md). Empty for the usual one.')
@maxLength(4)
param release string = ''
@description('False stops taking alerts and leaves everything else running: timers, undo, approvals. For draining and for side-by-side releases.')
param takeAlerts bool = true

@description('Tier of the queue. Standard takes messages up to 256 KB; Premium up to 1 MB, and it alone can be reached privately.')
@allowed(['Standard', 'Premium'])
param serviceBusSku string = 'Standard'
@description('True closes the public endpoints of storage, vault, model and queue and reaches them through a virtual network. Makes the queue Premium.')
param privateNetworking bool = false
@description('Address space of the virtual network, at least a /24; read only with private networking.')
param networkAddressSpace string = '10.71.0.0/24'
@description('Public addresses (CIDR) that may put alerts on the queue while networking is private: the outbound addresses of Logic Apps in this region, and yours.')
param alertSourceAddresses array = []

@description('Memory of one instance, MB. 2048 is the plan\'s default; prices follow it (docs/costs.md).')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048
@description('Most instances at once. Each works on 16 alerts at a time; the tenant\'s Graph limits are reached long before 1000.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40
@description('Instances that stay warm, so that an approval at 3 AM does not wait for a cold start. 0 is cheapest.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 1

@description('Redundancy of both storage accounts. ZRS survives a zone; GZRS also keeps a copy of the record in the paired region (docs/runbook.md, region loss).')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'
@description('Days for which nobody, not even an owner, can change or delete a checkpoint of the record, once the policy is locked (docs/deploy.md).')
@minValue(1)
@maxValue(3650)
param recordRetentionDays int = 365
@description('Days that logs stay in Log Analytics.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90
@description('Most GB of logs a day before collection stops until midnight; -1 for no cap. A cap can silence the alerts of alerts.bicep: leave room.')
param logDailyCapGb int = -1

@description('Resource id of the Log Analytics workspace that Microsoft Sentinel runs on. Empty: no watchlist, no playbook and no automation rule; set sentinelWatchlist yourself.')
param sentinelWorkspaceId string = ''
@description('Where a Log Analytics workspace answers queries: https://api.loganalytics.io/v1/workspaces/WORKSPACE-ID/query. Empty: what Key Vault and service principals do is not looked up there.')
param workspaceQuery string = ''
@description('Full address of an existing watchlist. Empty: the one that is created in the workspace above.')
param sentinelWatchlist string = ''
@description('Object id in this tenant of the service principal "Azure Security Insights" (scripts/first-day.sh finds it), so that automation rules may run the playbook. Empty: the rules are not created.')
param sentinelServicePrincipalId string = ''
@description('True sends Defender for Cloud alerts of this subscription to the queue. Not needed where Sentinel collects them already: they would arrive twice.')
param defenderForCloud bool = false

@description('Deploys an Azure OpenAI account and model. False: give modelEndpoint and modelDeployment, and grant the identity access to them yourself.')
param deployModel bool = true
@description('Base address of a model you bring, ending in /v1/; read only without deployModel.')
param modelEndpoint string = ''
@description('Name of the deployment: of the one that is created, or of the one you bring.')
param modelDeployment string = 'irfunctions'
@description('Model to deploy; it must support structured outputs in this region.')
param modelName string = 'gpt-4.1-mini'
@description('Version of that model.')
param modelVersion string = '2025-04-14'
@description('Thousands of tokens a minute the model may use. An alert needs about 5 (docs/costs.md).')
@minValue(1)
@maxValue(1000)
param modelCapacity int = 50
@description('Deployment type of the model. DataZoneStandard and Standard keep prompts in a zone or region; GlobalStandard may process them anywhere.')
@allowed(['Standard', 'DataZoneStandard', 'GlobalStandard'])
param modelSku string = 'DataZoneStandard'

@description('Deploys the bot that asks for approvals in Teams, on the pipeline\'s own identity: no secret.')
param deployBot bool = true
@description('Conversation id of one Teams channel that gets all cards; empty sends them to each approver.')
param teamsChannel string = ''
@description('Conversation id of one Teams channel that gets a note with each notification of an analyst; empty for none.')
param teamsNotifications string = ''
@description('Application (client) id of the app registration that people sign in with. scripts/first-day.sh creates it.')
param signInClientId string
@description('Address of the ticket system: POST with an Idempotency-Key header.')
param ticketsEndpoint string
@description('Address of the pager, in the form of the PagerDuty Events API v2. Its routing key is the secret pager-routing-key in the vault.')
param pagerEndpoint string = 'https://events.pagerduty.com/v2/enqueue'

@description('Whether rungs of the ladder have phones of their own: then the secret pager-rung-keys in the vault says RUNG=KEY, separated by semicolons.')
param pagerKeyPerRung bool = false

@description('Id of our Slack workspace, where people are asked in Slack, too; empty: none. The secrets are slack-signing-secret and slack-bot-token in the vault.')
param slackTeam string = ''

@description('HTTPS addresses that get every outcome as a signed event, separated by commas; empty: none. The secret is webhook-secret in the vault.')
param webhookUrls string = ''
@description('Address of the receiver for firewalls, logging and in-house systems (docs/connector.md); empty for none. Its key is the secret connector-key in the vault.')
param connectorEndpoint string = ''
@description('Name of the connector\'s key, as the receiver knows it; no secret.')
param connectorKeyId string = ''
@description('Whether the vault holds the secret log-key, an Ed25519 key that signs the transparency log beside the record\'s own key (docs/record.md).')
param withLogKey bool = false
@description('Witnesses that cosign the transparency log: each its key, a space and its address, separated by commas (docs/record.md).')
param recordWitnesses string = ''
@description('Id of the named location that a Conditional Access policy blocks; empty blocks addresses through the connector.')
param namedLocation string = ''

@description('Object ids of the identities that may ask the gate of agents and report their activity over HTTP, separated by commas.')
param activityGateways string = ''
@description('Whether Defender is asked how critical accounts and hosts are; not in tenants without its tables.')
param askCriticality bool = true
@description('Whether alerts and incidents of Defender XDR are read from Graph; where Sentinel\'s playbooks send them, not.')
param readDefender bool = false
@description('Object ids of the groups whose members the pipeline never acts on by itself.')
param privilegedGroups array = []
@description('Entra tenant, Sentinel workspaces and subscriptions (GUIDs) that alerts of ours name; empty: an alert of any tenant counts as ours.')
param ownTenants array = []
@description('Targets that exist for rehearsing rollbacks and for nothing else, as docs/actions.md writes them; empty for no drills.')
param drillTargets string = ''
@description('E-mail addresses that Azure Monitor writes to when the pipeline itself is in trouble. Not the way people are asked for approval.')
param alertEmails array

var suffix = take(uniqueString(resourceGroup().id), 6)
var names = {
  app: '${prefix}-app${release}-${suffix}'
  bot: '${prefix}-bot-${suffix}'
  bus: '${prefix}-bus-${suffix}'
  identity: '${prefix}-id-${suffix}'
  logs: '${prefix}-logs-${suffix}'
  model: '${prefix}-ai-${suffix}'
  network: '${prefix}-net-${suffix}'
  playbook: '${prefix}-playbook-${suffix}'
  record: '${prefix}rec${suffix}'
  runtime: '${prefix}run${suffix}'
  scheduler: '${prefix}-dts-${suffix}'
  vault: '${prefix}-kv-${suffix}'
}
var withSentinel = !empty(sentinelWorkspaceId)
var withScheduler = durableBackend == 'durable-task-scheduler'
var sentinelParts = split(withSentinel ? sentinelWorkspaceId : '0/1/2/3/4/5/6/7/8', '/')
var watchlistAlias = 'irfunctions-addresses'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.identity
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: names.logs
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module runtime 'modules/storage.bicep' = {
  params: {
    name: names.runtime
    location: location
    tags: tags
    redundancy: storageRedundancy
    containers: ['releases']
    publicAccess: !privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module record 'modules/storage.bicep' = {
  params: {
    name: names.record
    location: location
    tags: tags
    redundancy: storageRedundancy
    tables: ['audit', 'policies']
    containers: ['agents']
    immutableContainer: 'checkpoints'
    retentionDays: recordRetentionDays
    publicAccess: !privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module messaging 'modules/messaging.bicep' = {
  params: {
    name: names.bus
    location: location
    tags: tags
    sku: privateNetworking ? 'Premium' : serviceBusSku
    publicAccess: !privateNetworking
    allowedAddresses: alertSourceAddresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  params: {
    name: names.vault
    location: location
    tags: tags
    publicAccess: !privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module model 'modules/model.bicep' = if (deployModel) {
  params: {
    name: names.model
    location: location
    tags: tags
    deployment: modelDeployment
    modelName: modelName
    modelVersion: modelVersion
    capacity: modelCapacity
    sku: modelSku
    publicAccess: !privateNetworking
    principalId: identity.properties.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module scheduler 'modules/scheduler.bicep' = if (withScheduler) {
  params: {
    name: names.scheduler
    location: location
    tags: tags
    sku: schedulerSku
    taskHub: taskHub
    principalId: identity.properties.principalId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: {
    name: names.network
    location: location
    tags: tags
    addressSpace: networkAddressSpace
    runtimeId: runtime.outputs.id
    recordId: record.outputs.id
    namespaceId: messaging.outputs.namespaceId
    vaultId: vault.outputs.id
    modelId: deployModel ? model!.outputs.id : ''
  }
}

module access 'modules/access.bicep' = {
  params: {
    principalId: identity.properties.principalId
    runtimeAccount: runtime.outputs.name
    recordAccount: record.outputs.name
    recordContainer: record.outputs.immutableContainerName
    agentsContainer: 'agents'
    serviceBus: messaging.outputs.namespaceName
    activityQueue: messaging.outputs.activityQueueName
    queue: messaging.outputs.queueName
    vault: vault.outputs.name
    signingKey: vault.outputs.signingKeyName
    applicationInsights: monitoring.outputs.applicationInsightsName
    durableInStorage: !withScheduler
  }
}

module app 'modules/app.bicep' = {
  params: {
    name: names.app
    location: location
    tags: tags
    identityId: identity.id
    identityClientId: identity.properties.clientId
    releasesUrl: '${runtime.outputs.blobEndpoint}releases'
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    signInClientId: signInClientId
    workspaceId: monitoring.outputs.workspaceId
    takeAlerts: takeAlerts
    taskHub: taskHub
    schedulerEndpoint: withScheduler ? scheduler!.outputs.endpoint : ''
    settings: {
      runtimeAccount: runtime.outputs.name
      tablesEndpoint: record.outputs.tableEndpoint
      recordCheckpoints: '${record.outputs.blobEndpoint}${record.outputs.immutableContainerName}'
      recordSigningKey: vault.outputs.signingKeyUri
      recordLogKeyReference: withLogKey ? '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=log-key)' : ''
      recordWitnesses: recordWitnesses
      serviceBusHost: messaging.outputs.host
      applicationInsights: monitoring.outputs.connectionString
      workspaceQuery: workspaceQuery
      watchlist: empty(sentinelWatchlist) ? '${environment().resourceManager}${skip(sentinelWorkspaceId, 1)}/providers/Microsoft.SecurityInsights/watchlists/${watchlistAlias}' : sentinelWatchlist
      ticketsEndpoint: ticketsEndpoint
      pagerEndpoint: pagerEndpoint
      pagerKeyReference: '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=pager-routing-key)'
      pagerRungKeysReference: pagerKeyPerRung ? '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=pager-rung-keys)' : ''
      webhookUrls: webhookUrls
      slackTeam: slackTeam
      slackSecretReference: empty(slackTeam) ? '' : '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=slack-signing-secret)'
      slackTokenReference: empty(slackTeam) ? '' : '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=slack-bot-token)'
      webhookSecretReference: empty(webhookUrls) ? '' : '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=webhook-secret)'
      connectorEndpoint: connectorEndpoint
      connectorKeyId: connectorKeyId
      connectorKeyReference: empty(connectorEndpoint) ? '' : '@Microsoft.KeyVault(VaultName=${vault.outputs.name};SecretName=connector-key)'
      askCriticality: askCriticality ? 'true' : 'false'
      readDefender: readDefender ? 'true' : 'false'
      privilegedGroups: join(privilegedGroups, ',')
      ownTenants: join(ownTenants, ',')
      namedLocation: namedLocation
      activityGateways: activityGateways
      agentSnapshots: '${record.outputs.blobEndpoint}agents'
      drillTargets: drillTargets
      botAppId: deployBot ? identity.properties.clientId : ''
      teamsChannel: teamsChannel
      teamsNotifications: teamsNotifications
      modelEndpoint: deployModel ? model!.outputs.endpoint : modelEndpoint
      modelDeployment: modelDeployment
      ownIdentities: '${identity.properties.principalId},${identity.properties.clientId},${signInClientId}'
    }
  }
  dependsOn: [access]
}

module bot 'modules/bot.bicep' = if (deployBot) {
  params: {
    name: names.bot
    tags: tags
    identityId: identity.id
    identityClientId: identity.properties.clientId
    appHost: app.outputs.host
    workspaceId: monitoring.outputs.workspaceId
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    prefix: prefix
    location: location
    tags: tags
    emails: alertEmails
    workspaceId: monitoring.outputs.workspaceId
    namespaceId: messaging.outputs.namespaceId
    queue: messaging.outputs.queueName
    activityQueue: messaging.outputs.activityQueueName
  }
}

module playbook 'modules/playbook.bicep' = if (withSentinel || defenderForCloud) {
  params: {
    name: names.playbook
    location: location
    tags: tags
    serviceBus: messaging.outputs.namespaceName
    queue: messaging.outputs.queueName
    fromSentinel: withSentinel
    fromDefenderForCloud: defenderForCloud
    sentinelServicePrincipalId: sentinelServicePrincipalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module sentinel 'modules/sentinel.bicep' = if (withSentinel) {
  scope: resourceGroup(sentinelParts[2], sentinelParts[4])
  params: {
    workspace: sentinelParts[8]
    watchlistAlias: watchlistAlias
    createWatchlist: empty(sentinelWatchlist)
    principalId: identity.properties.principalId
    incidentPlaybookPrincipalId: playbook!.outputs.incidentPrincipalId
    alertPlaybookPrincipalId: playbook!.outputs.alertPrincipalId
    incidentPlaybookId: empty(sentinelServicePrincipalId) ? '' : playbook!.outputs.incidentPlaybookId
  }
}

@description('Where the pipeline answers.')
output appHost string = app.outputs.host
@description('Name of the function app; the release is published to it.')
output appName string = app.outputs.name
@description('Object id of the identity; scripts/grant-graph-permissions.sh gives it its Graph permissions.')
output identityPrincipalId string = identity.properties.principalId
@description('Application (client) id of the identity; the Teams app manifest names it as the bot.')
output identityClientId string = identity.properties.clientId
@description('Name of the vault; the pager\'s routing key goes there.')
output vaultName string = vault.outputs.name
@description('Address of the key that signs checkpoints of the record.')
output signingKeyUri string = vault.outputs.signingKeyUri
@description('Storage account of the record; its immutability policy is locked by hand (docs/deploy.md).')
output recordAccount string = record.outputs.name
@description('Host name of the Service Bus namespace.')
output serviceBusHost string = messaging.outputs.host
