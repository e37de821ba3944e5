import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Amazon's JDBC driver itself: {@code mvn -P driver test}. It asks the table that {@link JdbcCallsTest} fills as well. */
@EnabledIfEnvironmentVariable(named = "JDBC_DRIVER", matches = "1")
class JdbcDriverTest {
  static Connection connection;

  @BeforeAll
  static void connect() throws SQLException {
    JdbcCallsTest.connect();
    Properties properties = new Properties();
    properties.put("Endpoint", System.getenv("TIMESTREAM_ENDPOINT"));
    properties.put("Region", "us-east-1");
    properties.put("AccessKeyId", "local");
    properties.put("SecretAccessKey", "secret");
    connection = DriverManager.getConnection("jdbc:timestream", properties);
  }

  @AfterAll
  static void disconnect() throws SQLException {
    connection.close();
  }

  static List<String> texts(ResultSet result, int column) throws SQLException {
    List<String> texts = new ArrayList<>();
    while (result.next()) texts.add(result.getString(column));
    return texts;
  }

  @Test
  void itsMetadataNameTheDatabaseTheTableAndTheColumns() throws SQLException {
    var metadata = connection.getMetaData();
    assertTrue(texts(metadata.getSchemas(), 1).contains("db"));
    assertEquals(List.of("t"), texts(metadata.getTables(null, "db", "t", null), 3));
    List<String> columns = texts(metadata.getColumns(null, "db", "t", null), 4);
    assertTrue(columns.containsAll(List.of("host", "time", "measure_name", "measure_value::double")), columns.toString());
  }

  @Test
  void itsResultSetReadsAllPages() throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.setFetchSize(7);
      double sum = 0;
      try (var result = statement.executeQuery("SELECT measure_value::double FROM db.t WHERE measure_name = 'row'")) {
        while (result.next()) sum += result.getDouble(1);
      }
      assertEquals(0, sum % 1250);
      assertTrue(sum > 0);
    }
  }

  @Test
  void aStatementThatCannotRunIsAnSqlException() throws SQLException {
    try (var statement = connection.createStatement()) {
      var error = assertThrows(SQLException.class, () -> statement.executeQuery("SELECT * FROM db.nothing"));
      assertTrue(error.getMessage().contains("nothing"), error.getMessage());
    }
  }

  @Test
  void aConnectionInUseIsValid() throws SQLException {
    assertTrue(connection.isValid(10));
  }
}
