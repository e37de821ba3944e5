import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.timestreamquery.TimestreamQueryClient;
import software.amazon.awssdk.services.timestreamquery.model.ValidationException;
import software.amazon.awssdk.services.timestreamwrite.TimestreamWriteClient;
import software.amazon.awssdk.services.timestreamwrite.model.Dimension;
import software.amazon.awssdk.services.timestreamwrite.model.MeasureValueType;
import software.amazon.awssdk.services.timestreamwrite.model.Record;
import software.amazon.awssdk.services.timestreamwrite.model.RejectedRecordsException;

/**
 * {@code mvn test} asks the server at the address in TIMESTREAM_ENDPOINT. Without that variable it starts a container, of the image that
 * the Dockerfile of these examples makes.
 */
class TimestreamTest {
  /** Of this run, so that the next one may ask the same server. */
  static final String HOST = "java-" + UUID.randomUUID();

  static GenericContainer<?> container;
  static TimestreamWriteClient write;
  static TimestreamQueryClient query;

  @BeforeAll
  static void connect() {
    String address = System.getenv("TIMESTREAM_ENDPOINT");
    if (address == null) {
      container =
          new GenericContainer<>("timestream-embedded")
              .withExposedPorts(8086)
              .withCommand("--credentials=local:secret", "--create=db.t")
              .waitingFor(Wait.forHttp("/_timestream/health"));
      container.start();
      address = "http://" + container.getHost() + ":" + container.getMappedPort(8086);
    }
    var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "secret"));
    URI endpoint = URI.create(address);
    write = TimestreamWriteClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(credentials).build();
    query = TimestreamQueryClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(credentials).build();
    // A column is there once a record had it.
    write.writeRecords(request -> request.databaseName("db").tableName("t").records(cpu("java", 1, System.currentTimeMillis())));
  }

  @AfterAll
  static void disconnect() {
    write.close();
    query.close();
    if (container != null) container.stop();
  }

  static Record cpu(String host, double value, long timeMs) {
    return Record.builder()
        .dimensions(Dimension.builder().name("host").value(host).build())
        .measureName("cpu")
        .measureValue(String.valueOf(value))
        .measureValueType(MeasureValueType.DOUBLE)
        .time(String.valueOf(timeMs))
        .build();
  }

  @Test
  void whatWasWrittenIsFoundOnAllPages() {
    long nowMs = System.currentTimeMillis();
    for (int batch = 0; batch < 15; batch++) {
      int first = batch * 100;
      List<Record> records = IntStream.range(first, first + 100).mapToObj(each -> cpu(HOST, each + 0.5, nowMs - each * 1000L)).toList();
      var answer = write.writeRecords(request -> request.databaseName("db").tableName("t").records(records));
      assertEquals(100, answer.recordsIngested().total());
    }
    String statement = "SELECT measure_value::double FROM db.t WHERE host = '" + HOST + "' ORDER BY time DESC";
    var values =
        query.queryPaginator(request -> request.queryString(statement)).stream()
            .flatMap(page -> page.rows().stream())
            .map(row -> row.data().get(0).scalarValue())
            .toList();
    assertEquals(IntStream.range(0, 1500).mapToObj(each -> each + ".5").toList(), values);
  }

  @Test
  void aRecordThatIsTooOldIsNamed() {
    List<Record> records = List.of(cpu("java", 1, System.currentTimeMillis()), cpu("java", 2, 1));
    var error =
        assertThrows(
            RejectedRecordsException.class,
            () -> write.writeRecords(request -> request.databaseName("db").tableName("t").records(records)));
    assertEquals(1, error.rejectedRecords().get(0).recordIndex());
    assertEquals(419, error.statusCode());
  }

  @Test
  void aStatementThatCannotRunSaysWhy() {
    var error = assertThrows(ValidationException.class, () -> query.query(request -> request.queryString("SELECT nothing FROM db.t")));
    assertEquals("line 1:8: Column 'nothing' does not exist", error.awsErrorDetails().errorMessage());
  }

  @Test
  void aPreparedStatementHasTheTypesOfItsParameters() {
    String statement = "SELECT host FROM db.t WHERE measure_value::double > @least";
    var parameters = query.prepareQuery(request -> request.queryString(statement)).parameters();
    assertEquals("least", parameters.get(0).name());
    assertEquals("DOUBLE", parameters.get(0).type().scalarTypeAsString());
  }
}
