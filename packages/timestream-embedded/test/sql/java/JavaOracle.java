import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.IsoFields;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalAdjusters;
import java.time.temporal.TemporalQueries;
import java.time.temporal.TemporalUnit;
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
 *   parse <base64> <base64>          -> pattern and text: nanoseconds since the epoch, in UTC; `error` where it is not of the pattern
 *   plus <unit> <count> <ns>         -> the time so many units later, a day that the month does not have being its last
 *   between <unit> <ns> <ns>         -> the greatest count of units that can be added to the first without going beyond the second
 *   trunc <unit> <ns>                -> the start of the unit that the time lies in
 *   bin <months> <ns>                -> the start of the run of so many months, counted from January 1970, that the time lies in
 *   last <ns>                        -> the last day of the month
 *   parts <ns>                       -> year quarter month week day dayOfWeek dayOfYear weekYear hour minute second
 *   iso, isodate <base64>            -> nanoseconds of an ISO 8601 time, the day of an ISO 8601 date (by week and by day of the year, too); `error`
 *   duration <decimal> <ns>          -> so many units of so many nanoseconds, cut off to whole nanoseconds
 *   clock <unit> <count> <ns>        -> the time of day so many units later
 *   regex <base64> <base64> <group>  -> pattern and text: all matches' groups, then the parts between, as base64 (`-` for no group)
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
        case "parse" -> out.println(parse(words));
        case "plus" -> out.println(ns(plus(time(words[3]), words[1], Long.parseLong(words[2]))));
        case "between" -> out.println(between(words[1], time(words[2]), time(words[3])));
        case "trunc" -> out.println(ns(trunc(words[1], time(words[2]))));
        case "bin" -> out.println(ns(bin(Long.parseLong(words[1]), time(words[2]))));
        case "last" -> out.println(YearMonth.from(time(words[1])).atEndOfMonth());
        case "parts" -> out.println(parts(time(words[1])));
        case "iso" -> out.println(iso(decode(words[1])));
        case "isodate" -> out.println(isoDate(decode(words[1])));
        case "duration" -> out.println(new BigDecimal(words[1]).multiply(new BigDecimal(words[2])).toBigInteger());
        case "clock" -> out.println(LocalTime.ofNanoOfDay(Long.parseLong(words[3])).plus(Long.parseLong(words[2]), unit(words[1])).toNanoOfDay());
        case "regex" -> out.println(regex(words));
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

  private static LocalDateTime time(String ns) {
    long value = Long.parseLong(ns);
    return LocalDateTime.ofEpochSecond(Math.floorDiv(value, 1_000_000_000L), (int) Math.floorMod(value, 1_000_000_000L), ZoneOffset.UTC);
  }

  /** As a whole number of any size: a time may lie beyond what 64 bits of nanoseconds hold. */
  private static BigInteger ns(LocalDateTime time) {
    BigInteger seconds = BigInteger.valueOf(time.toEpochSecond(ZoneOffset.UTC));
    return seconds.multiply(BigInteger.valueOf(1_000_000_000L)).add(BigInteger.valueOf(time.getNano()));
  }

  private static TemporalUnit unit(String name) {
    return switch (name) {
      case "nanosecond" -> ChronoUnit.NANOS;
      case "microsecond" -> ChronoUnit.MICROS;
      case "millisecond" -> ChronoUnit.MILLIS;
      case "quarter" -> IsoFields.QUARTER_YEARS;
      default -> ChronoUnit.valueOf(name.toUpperCase(Locale.ROOT) + "S");
    };
  }

  private static LocalDateTime plus(LocalDateTime time, String unit, long count) {
    // java.time adds quarters as years and months, each cut to the end of its month; Trino as three months each, at once.
    return unit.equals("quarter") ? time.plusMonths(3 * count) : time.plus(count, unit(unit));
  }

  /** By its definition, from the estimate of java.time, which does not count 31 January to 28 February as a month. */
  private static long between(String unit, LocalDateTime from, LocalDateTime to) {
    if (to.isBefore(from)) return -between(unit, to, from);
    long count = unit(unit).between(from, to);
    while (!plus(from, unit, count + 1).isAfter(to)) count++;
    while (plus(from, unit, count).isAfter(to)) count--;
    return count;
  }

  private static LocalDateTime trunc(String unit, LocalDateTime time) {
    LocalDateTime day = time.truncatedTo(ChronoUnit.DAYS);
    return switch (unit) {
      case "week" -> day.with(TemporalAdjusters.previousOrSame(DayOfWeek.MONDAY));
      case "month" -> day.withDayOfMonth(1);
      case "quarter" -> day.with(time.getMonth().firstMonthOfQuarter()).withDayOfMonth(1);
      case "year" -> day.withDayOfYear(1);
      default -> time.truncatedTo(unit(unit));
    };
  }

  private static LocalDateTime bin(long months, LocalDateTime time) {
    LocalDateTime start = LocalDateTime.of(1970, 1, 1, 0, 0);
    while (start.isAfter(time)) start = start.minusMonths(months);
    while (!start.plusMonths(months).isAfter(time)) start = start.plusMonths(months);
    return start;
  }

  private static String parts(LocalDateTime time) {
    int[] parts = {
      time.getYear(), time.get(IsoFields.QUARTER_OF_YEAR), time.getMonthValue(), time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR),
      time.getDayOfMonth(), time.getDayOfWeek().getValue(), time.getDayOfYear(), time.get(IsoFields.WEEK_BASED_YEAR),
      time.getHour(), time.getMinute(), time.getSecond(),
    };
    StringBuilder text = new StringBuilder();
    for (int part : parts) text.append(text.length() == 0 ? "" : " ").append(part);
    return text.toString();
  }

  private static String parse(String[] words) {
    try {
      DateTimeFormatter formatter = new DateTimeFormatterBuilder()
          .parseCaseInsensitive()
          .appendPattern(decode(words[1]))
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .toFormatter(Locale.ENGLISH)
          .withResolverStyle(ResolverStyle.STRICT);
      TemporalAccessor parsed = formatter.parse(decode(words[2]));
      LocalDateTime local = LocalDateTime.from(parsed);
      ZoneId zone = parsed.query(TemporalQueries.zone());
      return ns(zone == null ? local : LocalDateTime.ofInstant(ZonedDateTime.of(local, zone).toInstant(), ZoneOffset.UTC)).toString();
    } catch (DateTimeException e) {
      return "error";
    }
  }

  private static String iso(String text) {
    try {
      boolean isLocal = !text.matches(".*T.*(Z|[+-].*)");
      LocalDateTime time = isLocal
          ? LocalDateTime.parse(text)
          : LocalDateTime.ofInstant(OffsetDateTime.parse(text).toInstant(), ZoneOffset.UTC);
      return ns(time).toString();
    } catch (DateTimeException e) {
      return "error";
    }
  }

  private static String isoDate(String text) {
    for (DateTimeFormatter format : new DateTimeFormatter[] {
        DateTimeFormatter.ISO_LOCAL_DATE, DateTimeFormatter.ISO_ORDINAL_DATE, DateTimeFormatter.ISO_WEEK_DATE}) {
      try {
        return LocalDate.parse(text, format).toString();
      } catch (DateTimeException e) {
        continue;
      }
    }
    return "error";
  }

  private static String regex(String[] words) {
    String text = decode(words[2]);
    int group = Integer.parseInt(words[3]);
    Matcher matcher = Pattern.compile(decode(words[1])).matcher(text);
    if (group > matcher.groupCount()) return "none";
    StringBuilder groups = new StringBuilder();
    StringBuilder between = new StringBuilder();
    int from = 0;
    while (matcher.find()) {
      groups.append(' ').append(matcher.start(group) < 0 ? "-" : encode(matcher.group(group)));
      between.append(' ').append(encode(text.substring(from, matcher.start())));
      from = matcher.end();
    }
    return "g" + groups + " |" + between + " " + encode(text.substring(from));
  }

  private static String encode(String text) {
    return "=" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String decode(String base64) {
    return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
