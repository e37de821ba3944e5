import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What real Java says, for the tests that compare with it. A request a line, an answer a line:
 *
 *   double <16 hex digits>           -> Double.toString, a space, the shortest decimal of two digits or more in the same layout
 *   find <base64> <base64> ...       -> pattern and texts: one character for each text, 1 found, 0 not; `invalid` for no pattern
 *   matches <base64> <base64>        -> pattern and text: start and end of every match and of its groups, -1 where one took no part
 *   replace <base64> x 3             -> pattern, text, replacement: base64 of Matcher.replaceAll, `error` where it throws
 *   upper, lower <hex>               -> the code point's other case in hexadecimal, `undefined` where Java knows no such character
 *   format <base64> <ns>             -> DateTimeFormatter's pattern and nanoseconds since the epoch: base64 of the text in UTC
 */
public class JavaOracle {
  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case "double" -> out.println(doubles(words[1]));
        case "matches" -> out.println(matches(words));
        case "replace" -> out.println(replace(words));
        case "upper", "lower" -> out.println(changed(words));
        case "format" -> out.println(format(words));
        default -> out.println(find(words));
      }
    }
    out.flush();
  }

  private static String doubles(String hex) {
    double value = Double.longBitsToDouble(Long.parseUnsignedLong(hex, 16));
    return Double.toString(value) + " " + shortest(value);
  }

  /** By exact decimals: the fewest digits, at least two, whose nearest decimal reads back as the value. */
  private static String shortest(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value) || value == 0) return Double.toString(value);
    BigDecimal exact = new BigDecimal(Math.abs(value));
    for (int digits = 2; ; digits++) {
      // The nearest first. Beside a power of two the other neighbour may read back where the nearest does not.
      for (RoundingMode mode : new RoundingMode[] {RoundingMode.HALF_EVEN, RoundingMode.UP, RoundingMode.DOWN}) {
        BigDecimal rounded = exact.round(new MathContext(digits, mode));
        if (rounded.doubleValue() == Math.abs(value)) return (value < 0 ? "-" : "") + layout(rounded, Math.abs(value));
      }
    }
  }

  private static String layout(BigDecimal decimal, double value) {
    BigDecimal stripped = decimal.stripTrailingZeros();
    if (value >= 1e-3 && value < 1e7) {
      String plain = stripped.toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    String digits = stripped.unscaledValue().toString();
    int exponent = stripped.precision() - stripped.scale() - 1;
    return digits.charAt(0) + "." + (digits.length() == 1 ? "0" : digits.substring(1)) + "E" + exponent;
  }

  private static String find(String[] words) {
    Pattern pattern;
    try {
      pattern = Pattern.compile(decode(words[1]));
    } catch (PatternSyntaxException e) {
      return "invalid";
    }
    StringBuilder found = new StringBuilder();
    for (int index = 2; index < words.length; index++) found.append(pattern.matcher(decode(words[index])).find() ? '1' : '0');
    return found.toString();
  }

  private static String matches(String[] words) {
    Matcher matcher;
    try {
      matcher = Pattern.compile(decode(words[1])).matcher(decode(words[2]));
    } catch (PatternSyntaxException e) {
      return "invalid";
    }
    StringBuilder found = new StringBuilder("m");
    while (matcher.find()) {
      for (int group = 0; group <= matcher.groupCount(); group++)
        found.append(' ').append(matcher.start(group)).append(' ').append(matcher.end(group));
    }
    return found.toString();
  }

  private static String replace(String[] words) {
    try {
      String result = Pattern.compile(decode(words[1])).matcher(decode(words[2])).replaceAll(decode(words[3]));
      return "=" + Base64.getEncoder().encodeToString(result.getBytes(StandardCharsets.UTF_8));
    } catch (RuntimeException e) {
      return "error";
    }
  }

  private static String changed(String[] words) {
    int codePoint = Integer.parseInt(words[1], 16);
    if (!Character.isDefined(codePoint)) return "undefined";
    return Integer.toHexString(words[0].equals("upper") ? Character.toUpperCase(codePoint) : Character.toLowerCase(codePoint));
  }

  private static String format(String[] words) {
    long ns = Long.parseLong(words[2]);
    Instant instant = Instant.ofEpochSecond(Math.floorDiv(ns, 1_000_000_000L), Math.floorMod(ns, 1_000_000_000L));
    String text = DateTimeFormatter.ofPattern(decode(words[1]), Locale.ENGLISH).format(instant.atZone(ZoneOffset.UTC));
    return "=" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
