// The Durable Task Scheduler: orchestrations, entities and timers in a service of their own, for when one storage account is outgrown.

@description('Name of the scheduler.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Consumption or Dedicated.')
param sku string

@description('Name of the task hub.')
param taskHub string

@description('Object id of the pipeline\'s identity.')
param principalId string

var durableTaskDataContributor = '0ad04412-c4d5-4796-b79c-f76d14c8d402' // Durable Task Data Contributor

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      name: sku
      capacity: sku == 'Dedicated' ? 1 : null
    }
    // The app's outbound addresses change; who may enter is decided by identity. An empty list would let nobody in.
    ipAllowlist: ['0.0.0.0/0']
  }
}

resource hub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHub
  properties: {}
}

resource use 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, principalId, durableTaskDataContributor)
  scope: hub
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', durableTaskDataContributor)
  }
}

output endpoint string = scheduler.properties.endpoint
