variable "bucket" {
  type        = string
  description = "S3 bucket in the region of the stack that the function's package is put into."
}

variable "stack_name" {
  type        = string
  default     = "PrometheusTimestreamConnector"
  description = "Name of the CloudFormation stack; the policies of deploy/iam hold for the default."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Parameters of the stack by their names in docs/serverless.md, for instance { DefaultDatabase = \"Metrics\", EnableSigV4Auth = \"true\" }."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of the stack, which CloudFormation gives to everything in it that takes tags."
}

variable "package_file" {
  type        = string
  default     = null
  description = "The function's package. Unset: what `npm run package` made, or what a release holds."
}

variable "template_file" {
  type        = string
  default     = null
  description = "The template. Unset: that of the repository, or of the release."
}
