import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads lines `pattern text text ...`, each in base64 of UTF-8 with `.` before it, and prints for each line whether the pattern is found in
 * each text: `1` or `0`, or `E` and the reason if the pattern does not compile.
 */
public final class FindPatterns {
  private FindPatterns() {}

  public static void main(String[] arguments) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    StringBuilder answers = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] fields = line.split(" ");
      try {
        Pattern pattern = Pattern.compile(decode(fields[0]));
        for (int index = 1; index < fields.length; index++) {
          answers.append(pattern.matcher(decode(fields[index])).find() ? '1' : '0');
        }
      } catch (PatternSyntaxException refused) {
        answers.append('E').append(refused.getMessage().replaceAll("\\s+", " "));
      }
      answers.append('\n');
    }
    System.out.print(answers);
  }

  private static String decode(String field) {
    return new String(Base64.getDecoder().decode(field.substring(1)), StandardCharsets.UTF_8);
  }
}
