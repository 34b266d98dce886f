# Deploys the stacks of orgdns with Terraform. Write the templates as JSON, and the package, first (docs/pipelines.md):
#
#   orgdns build orgdns.yaml --format json --output build
#
# No id is copied: outputs of one stack are parameters of the next, and zones are found by their domains.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

variable "hub_account" {
  type = string
}

variable "network_account" {
  type = string
}

variable "region" {
  type        = string
  description = "hub.region of the configuration."
}

variable "deploy_role" {
  type        = string
  description = "The name of the role to assume in both accounts."
}

variable "build" {
  type        = string
  description = "The folder with the package and the templates."
  default     = "build"
}

variable "trail" {
  type        = bool
  description = "Whether a CloudTrail trail logs the management events of the covered accounts."
  default     = false
}

provider "aws" {
  alias               = "hub"
  region              = var.region
  allowed_account_ids = [var.hub_account]
  assume_role {
    role_arn = "arn:aws:iam::${var.hub_account}:role/${var.deploy_role}"
  }
}

provider "aws" {
  alias               = "network"
  region              = var.region
  allowed_account_ids = [var.network_account]
  assume_role {
    role_arn = "arn:aws:iam::${var.network_account}:role/${var.deploy_role}"
  }
}

locals {
  # The zip is named for its content, so the name changes with the code.
  package   = one(fileset(var.build, "orgdns-*.zip"))
  templates = { for name in ["network", "hub", "rollout"] : name => "${var.build}/${name}.json" }
  # The parameters that each template has. CloudFormation refuses others.
  parameters = {
    for name, file in local.templates : name => keys(lookup(jsondecode(file(file)), "Parameters", {}))
  }
  given = merge(aws_cloudformation_stack.network.outputs, {
    CodeBucket       = aws_s3_bucket.deployment.bucket
    CodeKey          = aws_s3_object.package.key
    CodeSha256       = filebase64sha256("${var.build}/${local.package}")
    CloudTrailEvents = tostring(var.trail)
  })
}

resource "aws_s3_bucket" "deployment" {
  provider      = aws.hub
  bucket_prefix = "orgdns-"
}

resource "aws_s3_bucket_versioning" "deployment" {
  provider = aws.hub
  bucket   = aws_s3_bucket.deployment.bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_public_access_block" "deployment" {
  provider                = aws.hub
  bucket                  = aws_s3_bucket.deployment.bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_object" "package" {
  provider   = aws.hub
  depends_on = [aws_s3_bucket_versioning.deployment]
  bucket     = aws_s3_bucket.deployment.bucket
  key        = local.package
  source     = "${var.build}/${local.package}"
}

# A template of more than 51,200 bytes must be in a bucket. Its key changes with its content.
resource "aws_s3_object" "template" {
  for_each   = { for name in ["hub", "rollout"] : name => local.templates[name] }
  provider   = aws.hub
  depends_on = [aws_s3_bucket_versioning.deployment]
  bucket     = aws_s3_bucket.deployment.bucket
  key        = "templates/${each.key}-${filesha256(each.value)}.json"
  source     = each.value
}

# Zones that this stack creates stay if it is deleted.
resource "aws_cloudformation_stack" "network" {
  provider      = aws.network
  name          = "orgdns-network"
  template_body = file(local.templates.network)
  capabilities  = ["CAPABILITY_NAMED_IAM"]
}

resource "aws_cloudformation_stack" "hub" {
  provider     = aws.hub
  name         = "orgdns-hub"
  template_url = "https://${aws_s3_bucket.deployment.bucket_regional_domain_name}/${aws_s3_object.template["hub"].key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]
  parameters   = { for name, value in local.given : name => value if contains(local.parameters.hub, name) }

  lifecycle {
    precondition {
      condition     = local.package != null
      error_message = "${var.build} must have exactly one zip: delete those of earlier builds."
    }
  }
}

# The StackSets. It succeeds even if some accounts fail: `orgdns coverage` lists them.
resource "aws_cloudformation_stack" "rollout" {
  provider     = aws.hub
  depends_on   = [aws_cloudformation_stack.hub]
  name         = "orgdns-rollout"
  template_url = "https://${aws_s3_bucket.deployment.bucket_regional_domain_name}/${aws_s3_object.template["rollout"].key}"
  capabilities = ["CAPABILITY_NAMED_IAM"]
  parameters   = { for name, value in local.given : name => value if contains(local.parameters.rollout, name) }
}
