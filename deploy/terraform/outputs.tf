output "invoke_write_url" {
  value       = aws_cloudformation_stack.connector.outputs["InvokeWriteURL"]
  description = "Remote write URL for Prometheus."
}

output "invoke_read_url" {
  value       = aws_cloudformation_stack.connector.outputs["InvokeReadURL"]
  description = "Remote read URL for Prometheus."
}

output "invoke_query_url" {
  value       = aws_cloudformation_stack.connector.outputs["InvokeQueryURL"]
  description = "URL of a Prometheus data source, for Grafana."
}

output "outputs" {
  value       = aws_cloudformation_stack.connector.outputs
  description = "Every output of the stack, by its name in docs/serverless.md."
}
