// The queues that alerts and the activity of agents arrive on. Their numbers belong together with host.json and AlertIntake; tests/Deploy compares them.

@description('Name of the namespace.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Standard or Premium.')
param sku string

@description('False closes the public endpoint, except for the addresses below.')
param publicAccess bool

@description('CIDRs that may send while the public endpoint is closed.')
param allowedAddresses array

@description('Workspace for diagnostic logs.')
param workspaceId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
    tier: sku
    capacity: sku == 'Premium' ? 1 : null
  }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: publicAccess || !empty(allowedAddresses) ? 'Enabled' : 'Disabled'
  }
}

resource rules 'Microsoft.ServiceBus/namespaces/networkRuleSets@2024-01-01' = if (sku == 'Premium') {
  parent: namespace
  name: 'default'
  properties: {
    publicNetworkAccess: publicAccess || !empty(allowedAddresses) ? 'Enabled' : 'Disabled'
    defaultAction: publicAccess ? 'Allow' : 'Deny'
    ipRules: [for address in allowedAddresses: {
      ipMask: address
      action: 'Allow'
    }]
  }
}

resource alerts 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'alerts'
  properties: {
    // The host renews it while AlertIntake runs, up to maxAutoLockRenewalDuration in host.json.
    lockDuration: 'PT1M'
    // While storage or Durable refuse, AlertIntake leaves the message until its lock ends: an hour of tries, one a minute, and then a
    // person looks (dead-letter alert). Nothing is lost.
    maxDeliveryCount: 60
    // A playbook that sends twice is one alert. What comes later than this is counted as a duplicate by the incident itself.
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: 'PT1H'
    // No alert may vanish (S10): what nobody took in two weeks goes to the dead letters, not away.
    defaultMessageTimeToLive: 'P14D'
    deadLetteringOnMessageExpiration: true
    requiresSession: false
    enableBatchedOperations: true
    maxSizeInMegabytes: 1024
  }
}

// Batches of agents' activity (docs/agents.md): one session for each identity keeps the sender's order.
resource activity 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = {
  parent: namespace
  name: 'activity'
  properties: {
    lockDuration: 'PT1M'
    maxDeliveryCount: 10
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: 'PT10M'
    // What a breaker hears hours late says nothing about now; it is kept as evidence in the dead letters.
    defaultMessageTimeToLive: 'PT1H'
    deadLetteringOnMessageExpiration: true
    requiresSession: true
    enableBatchedOperations: true
    maxSizeInMegabytes: 5120
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
  }
}

output namespaceId string = namespace.id
output namespaceName string = namespace.name
output queueName string = alerts.name
output activityQueueName string = activity.name
output host string = '${namespace.name}.servicebus.windows.net'
