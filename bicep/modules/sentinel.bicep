// What belongs to the Sentinel workspace, in its own resource group: the watchlist, the rules that run the playbook, who may read and write.

@description('Name of the workspace.')
param workspace string

@description('Alias of the watchlist that add_ip_to_watchlist writes to.')
param watchlistAlias string

@description('False where the watchlist exists already.')
param createWatchlist bool

@description('Object id of the pipeline\'s identity.')
param principalId string

@description('Object id of the incident playbook\'s identity, which reads the incident that started it.')
param incidentPlaybookPrincipalId string

@description('Object id of the alert playbook\'s identity, likewise.')
param alertPlaybookPrincipalId string

@description('Playbook that the rules run; empty for no rules.')
param incidentPlaybookId string

var sentinelContributor = 'ab8e14d6-4a74-4a29-9ba8-549422addade' // Microsoft Sentinel Contributor
var sentinelReader = '8d289c81-5878-46d4-8554-54e1e3d8b5cb' // Microsoft Sentinel Reader

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspace
}

resource watchlist 'Microsoft.SecurityInsights/watchlists@2025-09-01' = if (createWatchlist) {
  name: watchlistAlias
  scope: logs
  properties: {
    displayName: 'Addresses watched by IRFunctions'
    provider: 'IRFunctions'
    source: 'irfunctions.csv'
    sourceType: 'Local'
    itemsSearchKey: 'IPAddress'
    contentType: 'text/csv'
    numberOfLinesToSkip: 0
    // A watchlist cannot be created empty; the documentation address (RFC 5737) matches nothing.
    rawContent: 'IPAddress,Source,Incident\n192.0.2.1,example,none\n'
  }
}

resource write 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(logs.id, principalId, sentinelContributor)
  scope: logs
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', sentinelContributor)
  }
}

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for id in [incidentPlaybookPrincipalId, alertPlaybookPrincipalId]: {
  name: guid(logs.id, id, sentinelReader)
  scope: logs
  properties: {
    principalId: id
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', sentinelReader)
  }
}]

resource created 'Microsoft.SecurityInsights/automationRules@2025-09-01' = if (!empty(incidentPlaybookId)) {
  name: guid(logs.id, incidentPlaybookId, 'created')
  scope: logs
  properties: {
    displayName: 'IRFunctions: new incidents'
    order: 1
    triggeringLogic: {
      isEnabled: true
      triggersOn: 'Incidents'
      triggersWhen: 'Created'
      conditions: []
    }
    actions: [
      {
        order: 1
        actionType: 'RunPlaybook'
        actionConfiguration: {
          logicAppResourceId: incidentPlaybookId
          tenantId: tenant().tenantId
        }
      }
    ]
  }
}

// Alerts that join an incident later are news, and so are its severity and its closing; other changes (owner, comments) are not.
resource updated 'Microsoft.SecurityInsights/automationRules@2025-09-01' = if (!empty(incidentPlaybookId)) {
  name: guid(logs.id, incidentPlaybookId, 'updated')
  scope: logs
  properties: {
    displayName: 'IRFunctions: incidents with new alerts'
    order: 2
    triggeringLogic: {
      isEnabled: true
      triggersOn: 'Incidents'
      triggersWhen: 'Updated'
      conditions: [
        {
          conditionType: 'PropertyArrayChanged'
          conditionProperties: {
            arrayType: 'Alerts'
            changeType: 'Added'
          }
        }
      ]
    }
    actions: [
      {
        order: 1
        actionType: 'RunPlaybook'
        actionConfiguration: {
          logicAppResourceId: incidentPlaybookId
          tenantId: tenant().tenantId
        }
      }
    ]
  }
}

resource severityChanged 'Microsoft.SecurityInsights/automationRules@2025-09-01' = if (!empty(incidentPlaybookId)) {
  name: guid(logs.id, incidentPlaybookId, 'severity')
  scope: logs
  properties: {
    displayName: 'IRFunctions: incidents of another severity'
    order: 3
    triggeringLogic: {
      isEnabled: true
      triggersOn: 'Incidents'
      triggersWhen: 'Updated'
      conditions: [
        {
          conditionType: 'PropertyChanged'
          conditionProperties: {
            propertyName: 'IncidentSeverity'
          }
        }
      ]
    }
    actions: [
      {
        order: 1
        actionType: 'RunPlaybook'
        actionConfiguration: {
          logicAppResourceId: incidentPlaybookId
          tenantId: tenant().tenantId
        }
      }
    ]
  }
}

resource statusChanged 'Microsoft.SecurityInsights/automationRules@2025-09-01' = if (!empty(incidentPlaybookId)) {
  name: guid(logs.id, incidentPlaybookId, 'status')
  scope: logs
  properties: {
    displayName: 'IRFunctions: incidents of another status'
    order: 4
    triggeringLogic: {
      isEnabled: true
      triggersOn: 'Incidents'
      triggersWhen: 'Updated'
      conditions: [
        {
          conditionType: 'PropertyChanged'
          conditionProperties: {
            propertyName: 'IncidentStatus'
          }
        }
      ]
    }
    actions: [
      {
        order: 1
        actionType: 'RunPlaybook'
        actionConfiguration: {
          logicAppResourceId: incidentPlaybookId
          tenantId: tenant().tenantId
        }
      }
    ]
  }
}
