using 'main.bicep'

// A trial: the cheapest form of everything, public endpoints behind identity, nothing warm. Values in capitals are yours to replace.
param prefix = 'irtrial'
param tags = {
  application: 'irfunctions'
  stage: 'trial'
  owner: 'OWNER'
}
param storageRedundancy = 'Standard_LRS'
param recordRetentionDays = 1
param logRetentionDays = 30
param logDailyCapGb = 1
param alwaysReadyInstances = 0
param instanceMemoryMB = 2048
param modelSku = 'GlobalStandard'
param modelCapacity = 20
param signInClientId = 'SIGN-IN-CLIENT-ID'
param ticketsEndpoint = 'https://TICKETS.example/api/tickets'
param alertEmails = ['OPERATOR@example.com']
param sentinelWorkspaceId = '/subscriptions/SUBSCRIPTION/resourceGroups/SENTINEL-GROUP/providers/Microsoft.OperationalInsights/workspaces/SENTINEL-WORKSPACE'
param sentinelServicePrincipalId = 'AZURE-SECURITY-INSIGHTS-OBJECT-ID'
