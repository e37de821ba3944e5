// go get github.com/testcontainers/testcontainers-go github.com/aws/aws-sdk-go-v2/service/timestreamquery; the image is the one of the Dockerfile
package timestream

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/timestreamquery"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

func TestAnEmptyTableHasNoRows(t *testing.T) {
	ctx := context.Background()
	container, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{
			Image:        "timestream-embedded",
			ExposedPorts: []string{"8086/tcp"},
			Cmd:          []string{"--credentials=local:secret", "--create=db.t"},
			WaitingFor:   wait.ForHTTP("/_timestream/health").WithPort("8086/tcp"),
		},
		Started: true,
	})
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := container.Endpoint(ctx, "http")
	if err != nil {
		t.Fatal(err)
	}
	query := timestreamquery.New(timestreamquery.Options{
		Region:           "us-east-1",
		Credentials:      credentials.NewStaticCredentialsProvider("local", "secret", ""),
		BaseEndpoint:     aws.String(endpoint),
		EndpointDiscovery: timestreamquery.EndpointDiscoveryOptions{EnableEndpointDiscovery: aws.EndpointDiscoveryDisabled},
	})
	answer, err := query.Query(ctx, &timestreamquery.QueryInput{QueryString: aws.String("SELECT count(*) FROM db.t")})
	if err != nil {
		t.Fatal(err)
	}
	if count := aws.ToString(answer.Rows[0].Data[0].ScalarValue); count != "0" {
		t.Fatalf("an empty table has a count of %s", count)
	}
}
