// The function app on Flex Consumption. Every connection is by identity; tests/Deploy compares the settings with what the code reads.

@description('Name of the app; its plan adds -plan.')
param name string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the pipeline\'s identity.')
param identityId string

@description('Application (client) id of the pipeline\'s identity.')
param identityClientId string

@description('Address of the container that releases are published to.')
param releasesUrl string

@description('Memory of one instance, MB.')
param instanceMemoryMB int

@description('Most instances at once.')
param maximumInstanceCount int

@description('Instances that stay warm for HTTP, and one that stays warm for orchestrations; 0 for none.')
param alwaysReadyInstances int

@description('Subnet for outbound traffic; empty for none.')
param subnetId string

@description('Application (client) id of the app registration that people sign in with.')
param signInClientId string

@description('Workspace for diagnostic logs.')
param workspaceId string

@description('False disables AlertIntake only.')
param takeAlerts bool

@description('Name of the task hub.')
param taskHub string

@description('Address of the Durable Task Scheduler; empty keeps the state in Azure Storage.')
param schedulerEndpoint string

@description('What main.bicep knows about the other resources.')
param settings object

// Azure CLI, so that responders can call the API with `az account get-access-token`.
var azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

var appSettings = {
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  APPLICATIONINSIGHTS_CONNECTION_STRING: settings.applicationInsights
  AZURE_CLIENT_ID: identityClientId
  Activity__Gateways: settings.activityGateways
  Agents__Snapshots: settings.agentSnapshots
  AzureFunctionsJobHost__extensions__durableTask__hubName: taskHub
  AzureWebJobsDisableHomepage: 'true'
  AzureWebJobsStorage__accountName: settings.runtimeAccount
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobs_AlertIntake_Disabled: takeAlerts ? 'false' : 'true'
  Connector__Endpoint: settings.connectorEndpoint
  Connector__Key: settings.connectorKeyReference
  Connector__KeyId: settings.connectorKeyId
  Defender__Criticality: settings.askCriticality
  Defender__Feed: settings.readDefender
  Directory__PrivilegedGroups: settings.privilegedGroups
  Drills__Targets: settings.drillTargets
  Firewall__NamedLocation: settings.namedLocation
  Graph__Endpoint: 'https://graph.microsoft.com/v1.0'
  Model__CacheMinutes: '60'
  Model__ContextSeconds: '5'
  Model__CostPerHour: '0'
  Model__Deployment: settings.modelDeployment
  Model__Endpoint: settings.modelEndpoint
  Model__InputPrice: '0'
  Model__OutputPrice: '0'
  Model__Retries: '2'
  Model__Samples: '1'
  Model__TimeoutSeconds: '20'
  Model__TokensPerHour: '5000000'
  Model__TokenScope: 'https://cognitiveservices.azure.com/.default'
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  Pager__Endpoint: settings.pagerEndpoint
  Pager__RoutingKey: settings.pagerKeyReference
  Pager__RungKeys: settings.pagerRungKeysReference
  Pipeline__OwnIdentities: settings.ownIdentities
  Pipeline__OwnTenants: settings.ownTenants
  Record__Checkpoints: settings.recordCheckpoints
  Record__LogKey: settings.recordLogKeyReference
  Record__SigningKey: settings.recordSigningKey
  Record__Witnesses: settings.recordWitnesses
  Sentinel__Watchlist: settings.watchlist
  Workspace__Query: settings.workspaceQuery
  ServiceBus__clientId: identityClientId
  ServiceBus__credential: 'managedidentity'
  ServiceBus__fullyQualifiedNamespace: settings.serviceBusHost
  Storage__TablesEndpoint: settings.tablesEndpoint
  Slack__BotToken: settings.slackTokenReference
  Slack__SigningSecret: settings.slackSecretReference
  Slack__Team: settings.slackTeam
  Teams__AppId: settings.botAppId
  Teams__Channel: settings.teamsChannel
  Teams__ConsoleUrl: 'https://${name}.azurewebsites.net'
  Teams__Issuers: 'https://api.botframework.com'
  Teams__Metadata: 'https://login.botframework.com/v1/.well-known/openidconfiguration'
  Teams__Notifications: settings.teamsNotifications
  Teams__ServiceHosts: 'smba.trafficmanager.net'
  Teams__ServiceUrl: 'https://smba.trafficmanager.net/teams/'
  Teams__TenantId: tenant().tenantId
  Teams__TokenScope: 'https://api.botframework.com/.default'
  Tickets__Endpoint: settings.ticketsEndpoint
  Webhooks__Secret: settings.webhookSecretReference
  Webhooks__Urls: settings.webhookUrls
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
}

// host.json stays as it is; these override it. The build must include the scheduler's package (docs/deploy-durable.md).
var schedulerSettings = empty(schedulerEndpoint) ? {} : {
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: '${name}-plan'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
    }
    functionAppConfig: {
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: releasesUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyInstances == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReadyInstances
          }
          {
            name: 'durable'
            instanceCount: alwaysReadyInstances
          }
        ]
      }
    }
  }
}

resource configuration 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(appSettings, schedulerSettings)
}

// People sign in with Entra ID before a request reaches the code. Health is for probes; Teams brings a token of its own, which the code checks.
resource signIn 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: true
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: ['/api/health', '/api/messages']
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          // No secret: the pipeline's identity vouches for the registration (federated credential, made by scripts/first-day.sh).
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [signInClientId, 'api://${signInClientId}']
          defaultAuthorizationPolicy: {
            allowedApplications: [signInClientId, azureCli]
          }
        }
      }
    }
  }
}

// Nobody publishes with a user name and a password.
resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

// FunctionAppLogs would duplicate what Application Insights has; sign-in decisions are nowhere else.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'AppServiceAuthenticationLogs'
        enabled: true
      }
    ]
  }
}

output name string = app.name
output host string = app.properties.defaultHostName
