"""A function, its log group and its event source mappings in a stack."""

from __future__ import annotations

import io
import zipfile

import pytest
from moto.awslambda.models import lambda_backends

from sandbox.aws.cloudformation.deployer import DeploymentFailed
from tests.support.sandbox.cloudformation import SECOND, World
from tests.support.sandbox.organizations import HUB, REGION, client


def package(body: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # A ZipInfo has a fixed date, so the same body always gives the same bytes.
        archive.writestr(zipfile.ZipInfo("handlers.py"), body)
    return packed.getvalue()


FUNCTION = """
Parameters:
  Bucket: {Type: String}
  Key: {Type: String}
  Batch: {Type: Number, Default: 25}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: observer
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: events}}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: ledger
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: observer
      Runtime: python3.13
      Handler: handlers.observer
      Architectures: [arm64]
      Role: !GetAtt Role.Arn
      MemorySize: 512
      Timeout: 60
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
      Environment: {Variables: {TABLE: !Ref Table}}
  FromQueue:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Function
      EventSourceArn: !GetAtt Queue.Arn
      BatchSize: !Ref Batch
      MaximumBatchingWindowInSeconds: 2
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig: {MaximumConcurrency: 5}
  FromStream:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !GetAtt Function.Arn
      EventSourceArn: !GetAtt Table.StreamArn
      StartingPosition: TRIM_HORIZON
      BatchSize: 100
      BisectBatchOnFunctionError: true
      MaximumRetryAttempts: 10
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
      DestinationConfig: {OnFailure: {Destination: !GetAtt Dead.Arn}}
Outputs:
  Function: {Value: !GetAtt Function.Arn}
"""


def test_function_and_mappings_keep_their_properties(world: World) -> None:
    """The code comes from the bucket, and every property of the event source mappings is kept."""
    s3 = client("s3", region=SECOND)
    s3.create_bucket(Bucket="packages")
    s3.put_object(Bucket="packages", Key="one.zip", Body=package("one = 1"))
    s3.put_object(Bucket="packages", Key="two.zip", Body=package("two = 2"))
    world.deploy(FUNCTION, Bucket="packages", Key="one.zip")
    function = lambda_backends[HUB][REGION].get_function("observer")
    assert function.code_bytes == package("one = 1")
    assert (function.architectures, function.handler, function.timeout) == (["arm64"], "handlers.observer", 60)
    assert function.environment_vars == {"TABLE": "ledger"}
    mappings = {
        each["EventSourceArn"].split(":")[2]: each
        for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]
    }
    assert mappings["sqs"]["BatchSize"] == 25
    assert mappings["sqs"]["MaximumBatchingWindowInSeconds"] == 2
    assert mappings["sqs"]["ScalingConfig"] == {"MaximumConcurrency": 5}
    stream = mappings["dynamodb"]
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["FilterCriteria"] == {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    assert stream["DestinationConfig"] == {"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{HUB}:dead"}}
    assert (stream["BisectBatchOnFunctionError"], stream["MaximumRetryAttempts"]) == (True, 10)

    world.deploy(FUNCTION, Bucket="packages", Key="two.zip", Batch="50")
    assert function.code_bytes == package("two = 2")
    batches = {each["BatchSize"] for each in client("lambda").list_event_source_mappings()["EventSourceMappings"]}
    assert batches == {50, 100}
    with pytest.raises(DeploymentFailed, match="NoSuchKey"):
        world.deploy(FUNCTION, Bucket="packages", Key="three.zip")
