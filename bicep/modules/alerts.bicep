// When the pipeline itself is in trouble. The queries look for lines that functions/Health/Heartbeat.cs writes; tests/Deploy compares the two.

@description('Starts the names of the rules.')
param prefix string

@description('Region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Who is written to.')
param emails array

@description('Workspace that Application Insights writes to.')
param workspaceId string

@description('Service Bus namespace.')
param namespaceId string

@description('Queue of alerts.')
param queue string

@description('Name of the queue of agents\' activity.')
param activityQueue string

var rules = [
  {
    name: 'rollback-failed'
    text: 'A containment could not be undone and keeps hurting. Runbook: "A rollback failed".'
    severity: 0
    query: 'AppTraces | where Message startswith "record: rollback-failed"'
    operator: 'GreaterThan'
    window: 'PT5M'
  }
  {
    name: 'request-expired'
    text: 'Nobody answered a request in time; nothing was done. Runbook: "A request expired".'
    severity: 1
    query: 'AppTraces | where Message startswith "record: expired"'
    operator: 'GreaterThan'
    window: 'PT5M'
  }
  {
    name: 'heartbeat-missing'
    text: 'The pipeline has not written its heartbeat for 15 minutes: alerts may be waiting. Runbook: "No heartbeat".'
    severity: 0
    query: 'AppTraces | where Message startswith "heartbeat"'
    operator: 'LessThan'
    window: 'PT15M'
  }
  {
    name: 'stop-engaged'
    text: 'Somebody engaged the global stop: nothing new is contained until it is lifted. Runbook: "Stop".'
    severity: 2
    query: 'AppTraces | where Message startswith "record: stop-engaged"'
    operator: 'GreaterThan'
    window: 'PT5M'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-operators'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: take(prefix, 12)
    emailReceivers: [for (email, i) in emails: {
      name: 'operator-${i}'
      emailAddress: email
      useCommonAlertSchema: true
    }]
  }
}

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-dead-letters'
  location: 'global'
  tags: tags
  properties: {
    description: 'A message on the alerts queue could not be read or handled. Runbook: "Dead letters".'
    severity: 1
    enabled: true
    scopes: [namespaceId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'dead-letters'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'DeadletteredMessages'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Maximum'
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [queue, activityQueue]
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource backlog 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${prefix}-backlog'
  location: 'global'
  tags: tags
  properties: {
    description: 'Alerts wait on the queue for longer than a burst explains. Runbook: "Alerts wait".'
    severity: 1
    enabled: true
    scopes: [namespaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'backlog'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'ActiveMessages'
          operator: 'GreaterThan'
          threshold: 100
          timeAggregation: 'Minimum'
          dimensions: [
            {
              name: 'EntityName'
              operator: 'Include'
              values: [queue]
            }
          ]
        }
      ]
    }
    actions: [
      {
        actionGroupId: people.id
      }
    ]
  }
}

resource found 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: '${prefix}-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${prefix}: ${rule.name}'
    description: rule.text
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: rule.window
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.operator
          threshold: rule.operator == 'LessThan' ? 1 : 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    actions: {
      actionGroups: [people.id]
    }
  }
}]
