# How another configuration finds what orgdns deployed, with nothing but a domain: here, the zone with which a VPC of the
# networking account shall be associated by hand.

data "aws_ssm_parameter" "zone" {
  provider   = aws.network
  depends_on = [aws_cloudformation_stack.network]
  name       = "/orgdns/orgdns/network/zones/corp.internal"
}

output "zone_id" {
  value = nonsensitive(data.aws_ssm_parameter.zone.value)
}
