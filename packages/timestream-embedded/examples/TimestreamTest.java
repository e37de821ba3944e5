// org.testcontainers:testcontainers, org.testcontainers:junit-jupiter, software.amazon.awssdk:timestreamquery; the image is the one of the Dockerfile
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.timestreamquery.TimestreamQueryClient;

@Testcontainers
class TimestreamTest {
  @Container
  static final GenericContainer<?> timestream =
      new GenericContainer<>("timestream-embedded")
          .withExposedPorts(8086)
          .withCommand("--credentials=local:secret", "--create=db.t")
          .waitingFor(Wait.forHttp("/_timestream/health"));

  @Test
  void anEmptyTableHasNoRows() {
    URI endpoint = URI.create("http://" + timestream.getHost() + ":" + timestream.getMappedPort(8086));
    try (TimestreamQueryClient query =
        TimestreamQueryClient.builder()
            .endpointOverride(endpoint)
            .region(Region.US_EAST_1)
            .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "secret")))
            .build()) {
      var rows = query.query(request -> request.queryString("SELECT count(*) FROM db.t")).rows();
      assertEquals("0", rows.get(0).data().get(0).scalarValue());
    }
  }
}
