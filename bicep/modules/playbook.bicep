// Logic Apps that put alerts on the queue, over HTTPS with their own identities: Sentinel incidents, single Sentinel alerts, Defender for Cloud.
// Their definitions are in bicep/playbooks, to be read and tested as they are.

@description('Name of the incident playbook; the others add -alert and -mdc.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Service Bus namespace.')
param serviceBus string

@description('Queue of alerts.')
param queue string

@description('True creates the playbooks for Sentinel: one that its automation rules run on incidents, one to attach to analytics rules by hand.')
param fromSentinel bool

@description('True creates the workflow automation of Defender for Cloud.')
param fromDefenderForCloud bool

@description('Object id of "Azure Security Insights"; empty grants nothing.')
param sentinelServicePrincipalId string

@description('Workspace for diagnostic logs.')
param workspaceId string

var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39' // Azure Service Bus Data Sender
var sentinelAutomationContributor = 'f4c81013-99ee-4d62-a7ee-b3f1f648599a' // Microsoft Sentinel Automation Contributor
var queueUrl = 'https://${serviceBus}.servicebus.windows.net/${queue}/messages'

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBus

  resource alerts 'queues' existing = {
    name: queue
  }
}

resource sentinelConnection 'Microsoft.Web/connections@2016-06-01' = if (fromSentinel) {
  name: '${name}-sentinel'
  location: location
  tags: tags
  properties: {
    displayName: 'Microsoft Sentinel, as the playbook itself'
    // Documented for connections that use a managed identity; the published type does not list it.
    #disable-next-line BCP037
    parameterValueType: 'Alternative'
    api: {
      id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azuresentinel')
    }
  }
}

resource incident 'Microsoft.Logic/workflows@2019-05-01' = if (fromSentinel) {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('../playbooks/sentinel-incident.json')
    parameters: {
      queueUrl: {
        value: queueUrl
      }
      '$connections': {
        value: {
          azuresentinel: {
            connectionId: sentinelConnection.id
            connectionName: sentinelConnection.name
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azuresentinel')
            connectionProperties: {
              authentication: {
                type: 'ManagedServiceIdentity'
              }
            }
          }
        }
      }
    }
  }
}

resource alert 'Microsoft.Logic/workflows@2019-05-01' = if (fromSentinel) {
  name: '${name}-alert'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('../playbooks/sentinel-alert.json')
    parameters: {
      queueUrl: {
        value: queueUrl
      }
      '$connections': {
        value: {
          azuresentinel: {
            connectionId: sentinelConnection.id
            connectionName: sentinelConnection.name
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azuresentinel')
            connectionProperties: {
              authentication: {
                type: 'ManagedServiceIdentity'
              }
            }
          }
        }
      }
    }
  }
}

resource cloudConnection 'Microsoft.Web/connections@2016-06-01' = if (fromDefenderForCloud) {
  name: '${name}-mdc'
  location: location
  tags: tags
  properties: {
    displayName: 'Microsoft Defender for Cloud alert'
    api: {
      id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'ascalert')
    }
  }
}

resource cloud 'Microsoft.Logic/workflows@2019-05-01' = if (fromDefenderForCloud) {
  name: '${name}-mdc'
  location: location
  tags: tags
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    state: 'Enabled'
    definition: loadJsonContent('../playbooks/defender-for-cloud.json')
    parameters: {
      queueUrl: {
        value: queueUrl
      }
      '$connections': {
        value: {
          ascalert: {
            connectionId: cloudConnection.id
            connectionName: cloudConnection.name
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'ascalert')
          }
        }
      }
    }
  }
}

resource automation 'Microsoft.Security/automations@2023-12-01-preview' = if (fromDefenderForCloud) {
  name: '${name}-mdc'
  location: location
  tags: tags
  properties: {
    isEnabled: true
    description: 'Every Defender for Cloud alert of this subscription goes to the alerts queue.'
    scopes: [
      {
        description: 'this subscription'
        scopePath: subscription().id
      }
    ]
    sources: [
      {
        eventSource: 'Alerts'
        ruleSets: []
      }
    ]
    actions: [
      {
        actionType: 'LogicApp'
        logicAppResourceId: cloud.id
        // The one address with a signature in it: Defender for Cloud calls a Logic App in no other way. It is kept there and shown to nobody.
        uri: listCallbackUrl('${cloud.id}/triggers/Defender_for_Cloud_alert', '2019-05-01').value
      }
    ]
  }
}

resource sendIncident 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fromSentinel) {
  name: guid(namespace::alerts.id, incident.id, serviceBusDataSender)
  scope: namespace::alerts
  properties: {
    principalId: incident!.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
  }
}

resource sendAlert 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fromSentinel) {
  name: guid(namespace::alerts.id, alert.id, serviceBusDataSender)
  scope: namespace::alerts
  properties: {
    principalId: alert!.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
  }
}

resource sendCloud 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fromDefenderForCloud) {
  name: guid(namespace::alerts.id, cloud.id, serviceBusDataSender)
  scope: namespace::alerts
  properties: {
    principalId: cloud!.identity.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
  }
}

resource runPlaybook 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (fromSentinel && !empty(sentinelServicePrincipalId)) {
  name: guid(resourceGroup().id, sentinelServicePrincipalId, sentinelAutomationContributor)
  properties: {
    principalId: sentinelServicePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', sentinelAutomationContributor)
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (fromSentinel) {
  name: 'to-workspace'
  scope: incident
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'WorkflowRuntime'
        enabled: true
      }
    ]
  }
}

output incidentPlaybookId string = fromSentinel ? incident.id : ''
output incidentPrincipalId string = fromSentinel ? incident!.identity.principalId : ''
output alertPrincipalId string = fromSentinel ? alert!.identity.principalId : ''
