//go:build container

package timestream

import (
	"context"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

func init() {
	startContainer = func(ctx context.Context, t *testing.T) string {
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
		endpoint, err := container.PortEndpoint(ctx, "8086/tcp", "http")
		if err != nil {
			t.Fatal(err)
		}
		return endpoint
	}
}
