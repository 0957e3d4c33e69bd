// The bot that asks in Teams. It signs in as the pipeline's identity, so there is no secret to keep or to rotate.

@description('Name of the bot.')
param name string

@description('Tags of every resource.')
param tags object

@description('Resource id of the pipeline\'s identity.')
param identityId string

@description('Application (client) id of the pipeline\'s identity.')
param identityClientId string

@description('Host name of the function app.')
param appHost string

@description('Workspace for diagnostic logs.')
param workspaceId string

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: {
    name: 'F0'
  }
  properties: {
    displayName: 'Incident response approvals'
    description: 'Asks the people on the escalation ladder before anything harmful is done.'
    endpoint: 'https://${appHost}/api/messages'
    msaAppType: 'UserAssignedMSI'
    msaAppId: identityClientId
    msaAppTenantId: tenant().tenantId
    msaAppMSIResourceId: identityId
    disableLocalAuth: true
  }
}

resource teams 'Microsoft.BotService/botServices/channels@2022-09-15' = {
  parent: bot
  name: 'MsTeamsChannel'
  location: 'global'
  properties: {
    channelName: 'MsTeamsChannel'
    properties: {
      isEnabled: true
      enableCalling: false
      acceptedTerms: true
    }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: bot
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'BotRequest'
        enabled: true
      }
    ]
  }
}
