// Where the pipeline's own logs go, and Application Insights on top of them. Sign-in by identity only.

@description('Name of the workspace; Application Insights is called the same with -ai.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Days that logs stay.')
param retentionDays int

@description('Most GB a day; -1 for no cap.')
param dailyCapGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: '${name}-ai'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
    IngestionMode: 'LogAnalytics'
  }
}

// The figures of docs/figures.md, for whoever may read Application Insights.
resource figures 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insights.id, 'figures')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'IRFunctions: figures'
    category: 'workbook'
    sourceId: insights.id
    serializedData: loadTextContent('../workbooks/figures.json')
  }
}

output workspaceId string = workspace.id
output applicationInsightsName string = insights.name
// Names the resource and its region; with local authentication off it opens nothing.
output connectionString string = insights.properties.ConnectionString
