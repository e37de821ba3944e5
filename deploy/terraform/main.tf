# The stack of deploy/template.yml from Terraform: the package goes to a bucket, the template to CloudFormation. docs/terraform.md says how to use it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  package_file  = coalesce(var.package_file, "${path.module}/../dist/connector.zip")
  template_file = coalesce(var.template_file, "${path.module}/../template.yml")

  # A key that names the content: a stack is updated when, and only when, the package is another one.
  package_key = "${var.stack_name}/connector-${substr(filesha256(local.package_file), 0, 16)}.zip"

  # The template as it is in the repository, with the code in the bucket.
  template = replace(
    file(local.template_file),
    "CodeUri: dist/connector.zip",
    "CodeUri: s3://${var.bucket}/${local.package_key}",
  )
}

resource "aws_s3_object" "package" {
  bucket = var.bucket
  key    = local.package_key
  source = local.package_file
}

resource "aws_cloudformation_stack" "connector" {
  name          = var.stack_name
  template_body = local.template
  parameters    = var.parameters
  tags          = var.tags

  # IAM: the function's role. AUTO_EXPAND: the template's transform, which is AWS' own.
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

  depends_on = [aws_s3_object.package]
}
