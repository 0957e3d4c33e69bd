namespace IRFunctions.AzureSdk;
internal static class Placeholder;
