import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.http.timers.client.ClientExecutionTimeoutException;
import com.amazonaws.services.timestreamquery.AmazonTimestreamQuery;
import com.amazonaws.services.timestreamquery.AmazonTimestreamQueryClient;
import com.amazonaws.services.timestreamquery.model.AmazonTimestreamQueryException;
import com.amazonaws.services.timestreamquery.model.CancelQueryRequest;
import com.amazonaws.services.timestreamquery.model.ConflictException;
import com.amazonaws.services.timestreamquery.model.Datum;
import com.amazonaws.services.timestreamquery.model.QueryRequest;
import com.amazonaws.services.timestreamquery.model.QueryResult;
import com.amazonaws.services.timestreamquery.model.Row;
import com.amazonaws.services.timestreamquery.model.Type;
import com.amazonaws.services.timestreamwrite.AmazonTimestreamWriteClient;
import com.amazonaws.services.timestreamwrite.model.Dimension;
import com.amazonaws.services.timestreamwrite.model.MeasureValueType;
import com.amazonaws.services.timestreamwrite.model.Record;
import com.amazonaws.services.timestreamwrite.model.WriteRecordsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Asks what Amazon's JDBC driver asks, through the SDK that it is built on: a query when it connects, its statements for schemas, tables and
 * columns, pages with the size that {@code setFetchSize} gave, {@code Statement.cancel} and {@code setQueryTimeout}.
 */
class JdbcCallsTest {
  static final EndpointConfiguration ENDPOINT = new EndpointConfiguration(System.getenv("TIMESTREAM_ENDPOINT"), "us-east-1");
  static final AWSStaticCredentialsProvider KEY = new AWSStaticCredentialsProvider(new BasicAWSCredentials("local", "secret"));

  static final Map<MeasureValueType, String> VALUES =
      Map.of(
          MeasureValueType.DOUBLE, "0.5",
          MeasureValueType.BIGINT, "9007199254740993",
          MeasureValueType.VARCHAR, "it's",
          MeasureValueType.BOOLEAN, "true");

  static AmazonTimestreamQuery query;

  @BeforeAll
  static void connect() {
    var write = AmazonTimestreamWriteClient.builder().withEndpointConfiguration(ENDPOINT).withCredentials(KEY).build();
    long nowMs = System.currentTimeMillis();
    List<Record> records = new ArrayList<>();
    VALUES.forEach((type, value) -> records.add(record(type.toString(), type, value, nowMs)));
    IntStream.range(0, 50).forEach(each -> records.add(record("row", MeasureValueType.DOUBLE, each + ".5", nowMs - each * 1000L)));
    write.writeRecords(new WriteRecordsRequest().withDatabaseName("db").withTableName("t").withRecords(records));
    write.shutdown();

    query = client(new ClientConfiguration());
    assertEquals("1", ask("SELECT 1").get(0).get(0));
  }

  static AmazonTimestreamQuery client(ClientConfiguration configuration) {
    return AmazonTimestreamQueryClient.builder()
        .withEndpointConfiguration(ENDPOINT)
        .withCredentials(KEY)
        .withClientConfiguration(configuration)
        .build();
  }

  static Record record(String measure, MeasureValueType type, String value, long timeMs) {
    return new Record()
        .withDimensions(new Dimension().withName("host").withValue("java"))
        .withMeasureName(measure)
        .withMeasureValueType(type)
        .withMeasureValue(value)
        .withTime(String.valueOf(timeMs));
  }

  static List<List<String>> ask(String statement) {
    List<List<String>> rows = new ArrayList<>();
    String token = null;
    do {
      QueryResult page = query.query(new QueryRequest().withQueryString(statement).withNextToken(token));
      rows.addAll(texts(page));
      token = page.getNextToken();
    } while (token != null);
    return rows;
  }

  static List<List<String>> texts(QueryResult page) {
    return page.getRows().stream().map(row -> row.getData().stream().map(Datum::getScalarValue).toList()).toList();
  }

  static Type typeOf(String statement) {
    return query.query(new QueryRequest().withQueryString(statement)).getColumnInfo().get(0).getType();
  }

  @Test
  void getSchemasGetTablesAndGetColumns() {
    assertTrue(ask("SHOW DATABASES").contains(List.of("db")));
    assertEquals(List.of(List.of("db")), ask("SHOW DATABASES LIKE 'd_'"));
    assertEquals(List.of(), ask("SHOW DATABASES LIKE 'nothing%'"));
    assertEquals(List.of(List.of("t")), ask("SHOW TABLES FROM \"db\""));
    assertEquals(List.of(List.of("t")), ask("SHOW TABLES FROM \"db\" LIKE '%'"));
    assertEquals(List.of(), ask("SHOW TABLES FROM \"db\" LIKE 'nothing'"));
    var columns = ask("DESCRIBE \"db\".\"t\"");
    assertTrue(columns.contains(List.of("host", "varchar", "DIMENSION")), columns.toString());
    assertTrue(columns.contains(List.of("measure_name", "varchar", "MEASURE_NAME")), columns.toString());
    assertTrue(columns.contains(List.of("time", "timestamp", "TIMESTAMP")), columns.toString());
    assertTrue(columns.contains(List.of("measure_value::bigint", "bigint", "MEASURE_VALUE")), columns.toString());
  }

  @Test
  void everyTypeOfValue() {
    VALUES.forEach(
        (type, value) -> {
          String column = "measure_value::" + type.toString().toLowerCase();
          String statement = "SELECT " + column + " FROM db.t WHERE measure_name = '" + type + "'";
          assertEquals(List.of(List.of(value)), ask(statement));
          assertEquals(type.toString(), typeOf(statement).getScalarType());
        });
    QueryResult nothing = query.query(new QueryRequest().withQueryString("SELECT measure_value::boolean FROM db.t WHERE measure_name = 'row' LIMIT 1"));
    assertEquals(true, nothing.getRows().get(0).getData().get(0).getNullValue());
    assertNull(nothing.getRows().get(0).getData().get(0).getScalarValue());
    for (String type : List.of("TIMESTAMP", "DATE", "TIME", "INTERVAL_DAY_TO_SECOND", "INTERVAL_YEAR_TO_MONTH", "INTEGER", "UNKNOWN")) {
      String value =
          switch (type) {
            case "TIMESTAMP" -> "now()";
            case "DATE" -> "DATE '2026-02-03'";
            case "TIME" -> "TIME '01:02:03.5'";
            case "INTERVAL_DAY_TO_SECOND" -> "1d";
            case "INTERVAL_YEAR_TO_MONTH" -> "1month";
            case "INTEGER" -> "7";
            default -> "NULL";
          };
      assertEquals(type, typeOf("SELECT " + value).getScalarType());
    }
  }

  @Test
  void arraysRowsAndTimeSeries() {
    Row row =
        query
            .query(
                new QueryRequest()
                    .withQueryString(
                        "SELECT array_agg(measure_value::double), CAST(ROW(1, 'a') AS ROW(x BIGINT, y VARCHAR)),"
                            + " create_time_series(time, measure_value::double) FROM db.t WHERE measure_name = 'row'"))
            .getRows()
            .get(0);
    assertEquals(50, row.getData().get(0).getArrayValue().size());
    assertTrue(row.getData().get(0).getArrayValue().contains(new Datum().withScalarValue("49.5")));
    assertEquals(List.of("1", "a"), row.getData().get(1).getRowValue().getData().stream().map(Datum::getScalarValue).toList());
    assertEquals("49.5", row.getData().get(2).getTimeSeriesValue().get(0).getValue().getScalarValue());
    Type type = typeOf("SELECT create_time_series(time, measure_value::double) FROM db.t WHERE measure_name = 'row'");
    assertEquals("DOUBLE", type.getTimeSeriesMeasureValueColumnInfo().getType().getScalarType());
  }

  @Test
  void pagesOfTheSizeThatSetFetchSizeGave() {
    String statement = "SELECT measure_value::double FROM db.t WHERE measure_name = 'row' ORDER BY time DESC";
    QueryRequest request = new QueryRequest().withQueryString(statement).withMaxRows(7);
    List<String> values = new ArrayList<>();
    QueryResult page = query.query(request);
    while (true) {
      assertTrue(page.getRows().size() <= 7);
      texts(page).forEach(row -> values.add(row.get(0)));
      if (page.getNextToken() == null) break;
      page = query.query(request.withNextToken(page.getNextToken()));
    }
    assertEquals(IntStream.range(0, 50).mapToObj(each -> each + ".5").toList(), values);
  }

  @Test
  void aStatementThatCannotRunSaysWhy() {
    var error = assertThrows(AmazonTimestreamQueryException.class, () -> ask("SELECT * FROM db.nothing"));
    assertEquals("ValidationException", error.getErrorCode());
    assertEquals(400, error.getStatusCode());
    assertTrue(error.getErrorMessage().contains("nothing"), error.getErrorMessage());
  }

  @Test
  void afterStatementCancelNoOtherPageIsGiven() {
    QueryRequest request = new QueryRequest().withQueryString("SELECT * FROM db.t").withMaxRows(1);
    QueryResult first = query.query(request);
    query.cancelQuery(new CancelQueryRequest().withQueryId(first.getQueryId()));
    assertThrows(ConflictException.class, () -> query.query(request.withNextToken(first.getNextToken())));
  }

  @Test
  void theTimeoutOfAStatementEndsItsWaiting() {
    var impatient = client(new ClientConfiguration().withClientExecutionTimeout(1000));
    String slow = "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x), UNNEST(sequence(1, 10000)) AS b(y), UNNEST(sequence(1, 1000)) AS c(z)";
    assertThrows(ClientExecutionTimeoutException.class, () -> impatient.query(new QueryRequest().withQueryString(slow)));
    impatient.shutdown();
    assertEquals("1", ask("SELECT 1").get(0).get(0));
  }
}
