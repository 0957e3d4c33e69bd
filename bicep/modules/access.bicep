// What the pipeline's identity may do, each role on the smallest thing it works on. docs/permissions.md says why; tests/Deploy compares the two.

@description('Object id of the pipeline\'s identity.')
param principalId string

@description('Storage account of the host and of Durable Functions.')
param runtimeAccount string

@description('Storage account of the record.')
param recordAccount string

@description('Container of the record\'s checkpoints.')
param recordContainer string

@description('Container of agents\' snapshots.')
param agentsContainer string

@description('Service Bus namespace.')
param serviceBus string

@description('Queue of alerts.')
param queue string

@description('Queue of the activity of agents.')
param activityQueue string

@description('Key vault.')
param vault string

@description('Key that signs checkpoints.')
param signingKey string

@description('Application Insights.')
param applicationInsights string

@description('True where Durable Functions keeps its state in the runtime account: it then needs queues and tables there.')
param durableInStorage bool

var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
var serviceBusDataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0' // Azure Service Bus Data Receiver
var keyVaultCryptoUser = '12338af0-0e69-4776-bea7-57ae8d297424' // Key Vault Crypto User
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

resource runtime 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: runtimeAccount
}

resource record 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: recordAccount

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource checkpoints 'containers' existing = {
      name: recordContainer
    }

    resource agents 'containers' existing = {
      name: agentsContainer
    }
  }
}

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBus

  resource alerts 'queues' existing = {
    name: queue
  }

  resource activity 'queues' existing = {
    name: activityQueue
  }
}

resource keys 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vault

  resource signing 'keys' existing = {
    name: signingKey
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsights
}

resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(runtime.id, principalId, storageBlobDataOwner)
  scope: runtime
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataOwner)
  }
}

resource durableQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (durableInStorage) {
  name: guid(runtime.id, principalId, storageQueueDataContributor)
  scope: runtime
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
  }
}

resource durableTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (durableInStorage) {
  name: guid(runtime.id, principalId, storageTableDataContributor)
  scope: runtime
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}

resource recordTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(record.id, principalId, storageTableDataContributor)
  scope: record
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
  }
}

resource recordBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(record::blobs::checkpoints.id, principalId, storageBlobDataContributor)
  scope: record::blobs::checkpoints
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource agentBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(record::blobs::agents.id, principalId, storageBlobDataContributor)
  scope: record::blobs::agents
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
  }
}

resource receive 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::alerts.id, principalId, serviceBusDataReceiver)
  scope: namespace::alerts
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataReceiver)
  }
}

resource receiveActivity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::activity.id, principalId, serviceBusDataReceiver)
  scope: namespace::activity
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataReceiver)
  }
}

resource sign 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(keys::signing.id, principalId, keyVaultCryptoUser)
  scope: keys::signing
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultCryptoUser)
  }
}

// On the vault, since the one secret in it does not exist yet: a person puts it in.
resource secrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(keys.id, principalId, keyVaultSecretsUser)
  scope: keys
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
  }
}

resource telemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}
