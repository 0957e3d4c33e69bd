using 'main.bicep'

// Production: zone-redundant, private, warm, kept for a year. Values in capitals are yours to replace.
param prefix = 'irfunc'
param tags = {
  application: 'irfunctions'
  stage: 'production'
  owner: 'OWNER'
  costCentre: 'COST-CENTRE'
}
param durableBackend = 'azure-storage'
param privateNetworking = true
param networkAddressSpace = '10.71.0.0/24'
param alertSourceAddresses = ['LOGIC-APPS-OUTBOUND-ADDRESS/32']
param storageRedundancy = 'Standard_GZRS'
param recordRetentionDays = 365
param logRetentionDays = 180
param logDailyCapGb = -1
param alwaysReadyInstances = 1
param instanceMemoryMB = 2048
param maximumInstanceCount = 40
param modelSku = 'DataZoneStandard'
param modelCapacity = 100
param signInClientId = 'SIGN-IN-CLIENT-ID'
param ticketsEndpoint = 'https://TICKETS.example/api/tickets'
param alertEmails = ['OPERATOR@example.com']
param sentinelWorkspaceId = '/subscriptions/SUBSCRIPTION/resourceGroups/SENTINEL-GROUP/providers/Microsoft.OperationalInsights/workspaces/SENTINEL-WORKSPACE'
param sentinelServicePrincipalId = 'AZURE-SECURITY-INSIGHTS-OBJECT-ID'
