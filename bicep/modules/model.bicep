// The model that recommends. It decides nothing; without it alerts go to people (S12).

@description('Name of the account, and of its address.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Name of the deployment.')
param deployment string

@description('Model, for example gpt-4.1-mini.')
param modelName string

@description('Version of the model.')
param modelVersion string

@description('Thousands of tokens a minute.')
param capacity int

@description('Deployment type.')
param sku string

@description('False closes the public endpoint.')
param publicAccess bool

@description('Object id of the pipeline\'s identity, which may ask the model.')
param principalId string

@description('Workspace for diagnostic logs.')
param workspaceId string

var openAiUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' // Cognitive Services OpenAI User

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: {
    name: 'S0'
  }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }
}

resource chat 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = {
  parent: account
  name: deployment
  sku: {
    name: sku
    capacity: capacity
  }
  properties: {
    model: {
      format: 'OpenAI'
      name: modelName
      version: modelVersion
    }
    // A model that changes overnight would be a change nobody reviewed.
    versionUpgradeOption: 'NoAutoUpgrade'
  }
}

resource use 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, principalId, openAiUser)
  scope: account
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', openAiUser)
  }
}

// Audit only: RequestResponse logs would hold alert text.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'Audit'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output endpoint string = account.properties.endpoint
