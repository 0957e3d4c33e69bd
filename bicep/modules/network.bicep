// A virtual network for the app's way out, and private endpoints for what it reaches. The app itself stays public: Teams and people come to it.

@description('Name of the network.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Address space, at least a /24.')
param addressSpace string

@description('Resource id of the storage account of the host and of Durable Functions.')
param runtimeId string

@description('Resource id of the storage account of the record.')
param recordId string

@description('Resource id of the Service Bus namespace.')
param namespaceId string

@description('Resource id of the vault.')
param vaultId string

@description('Resource id of the model\'s account; empty for a model of your own.')
param modelId string

var storage = environment().suffixes.storage
var modelZone = 'privatelink.openai.azure.com'
var zones = concat(
  ['privatelink.blob.${storage}', 'privatelink.queue.${storage}', 'privatelink.table.${storage}', 'privatelink.servicebus.windows.net', 'privatelink.vaultcore.azure.net'],
  empty(modelId) ? [] : [modelZone]
)
var targets = concat(
  [
    { name: 'runtime-blob', id: runtimeId, group: 'blob', zone: 'privatelink.blob.${storage}' }
    { name: 'runtime-queue', id: runtimeId, group: 'queue', zone: 'privatelink.queue.${storage}' }
    { name: 'runtime-table', id: runtimeId, group: 'table', zone: 'privatelink.table.${storage}' }
    { name: 'record-blob', id: recordId, group: 'blob', zone: 'privatelink.blob.${storage}' }
    { name: 'record-table', id: recordId, group: 'table', zone: 'privatelink.table.${storage}' }
    { name: 'bus', id: namespaceId, group: 'namespace', zone: 'privatelink.servicebus.windows.net' }
    { name: 'vault', id: vaultId, group: 'vault', zone: 'privatelink.vaultcore.azure.net' }
  ],
  empty(modelId) ? [] : [{ name: 'model', id: modelId, group: 'account', zone: modelZone }]
)

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressSpace]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 25, 0)
          delegations: [
            {
              name: 'flex-consumption'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressSpace, 25, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for item in zones: {
  name: item
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (item, i) in zones: {
  parent: zone[i]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = [for target in targets: {
  name: '${name}-${target.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: '${network.id}/subnets/endpoints'
    }
    privateLinkServiceConnections: [
      {
        name: target.group
        properties: {
          privateLinkServiceId: target.id
          groupIds: [target.group]
        }
      }
    ]
  }
}]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (target, i) in targets: {
  parent: endpoint[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: target.group
        properties: {
          privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', target.zone)
        }
      }
    ]
  }
  dependsOn: [zone]
}]

output appSubnetId string = '${network.id}/subnets/app'
