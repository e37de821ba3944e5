import { nameGoCharacter, quoteGo, quoteGoCharacter } from './go-text.js';
import { type Token, type TokenKind, WORDS } from './token.js';

const DURATION_WORDS: ReadonlyMap<string, TokenKind> = new Map([
  ['step', 'step'],
  ['range', 'range'],
  ['max_of', 'max_of'],
  ['min_of', 'min_of'],
]);

const END = '';

type Mode = 'statement' | 'braces' | 'duration';

/**
 * Cuts a query into tokens one at a time, as late as the parser asks. What Prometheus complains about first depends on how far its lexer had read, so the
 * parser must not look further ahead than Prometheus' does. Rules and messages: `promql/parser/lex.go`.
 */
export class Lexer {
  readonly input: string;
  #position = 0;
  #start = 0;
  #mode: Mode = 'statement';
  #ended = false;
  #parenDepth = 0;
  #bracketOpen = false;
  #gotColon = false;
  #gotDuration = false;
  /** Where the token that was read last begins. */
  lastStart = 0;

  constructor(input: string) {
    this.input = input;
  }

  next(): Token {
    const token = this.#ended ? this.#token('end', this.#position) : this.#read();
    if (token.kind === 'end' || token.kind === 'error') this.#ended = true;
    this.lastStart = token.start;
    return token;
  }

  #read(): Token {
    for (;;) {
      this.#start = this.#position;
      const token = this.#mode === 'duration' ? this.#readDuration() : this.#mode === 'braces' ? this.#readBraces() : this.#readStatement();
      if (token !== null) return token;
    }
  }

  #peek(): string {
    const code = this.input.codePointAt(this.#position);
    return code === undefined ? END : String.fromCodePoint(code);
  }

  #take(): string {
    const character = this.#peek();
    this.#position += character.length;
    return character;
  }

  #accept(set: string): boolean {
    const character = this.#peek();
    if (character === END || !set.includes(character)) return false;
    this.#position += character.length;
    return true;
  }

  #is(set: string): boolean {
    const character = this.#peek();
    return character !== END && set.includes(character);
  }

  #token(kind: TokenKind, start = this.#start): Token {
    return { kind, start, end: this.#position, text: this.input.slice(start, this.#position) };
  }

  #error(message: string, start = this.#start): Token {
    return { kind: 'error', start, end: this.input.length, text: message };
  }

  /** The comment or space at hand, if there is one. */
  #skip(): boolean {
    if (this.#peek() === '#') {
      while (!this.#is('\r\n') && this.#peek() !== END) this.#take();
      return true;
    }
    if (!isSpace(this.#peek())) return false;
    while (isSpace(this.#peek())) this.#take();
    return true;
  }

  #readStatement(): Token | null {
    if (this.#skip()) return null;
    const character = this.#take();
    switch (character) {
      case END:
        if (this.#parenDepth !== 0) return this.#error('unclosed left parenthesis');
        if (this.#bracketOpen) return this.#error('unclosed left bracket');
        return this.#token('end');
      case ',':
      case '*':
      case '/':
      case '%':
      case '+':
      case '-':
      case '^':
      case '@':
        return this.#token(character);
      case '=':
        if (this.#accept('=')) return this.#token('==');
        if (this.#peek() === '~') return this.#error("unexpected character after '=': '~'");
        return this.#token('=');
      case '!': {
        const next = this.#take();
        return next === '=' ? this.#token('!=') : this.#error(`unexpected character after '!': ${quoteGoCharacter(next)}`);
      }
      case '<':
        return this.#token(this.#accept('=') ? '<=' : this.#accept('/') ? '</' : '<');
      case '>':
        return this.#token(this.#accept('=') ? '>=' : this.#accept('/') ? '>/' : '>');
      case '"':
      case "'":
        return this.#readString(character);
      case '`':
        return this.#readRawString();
      case '(':
        this.#parenDepth++;
        return this.#token('(');
      case ')':
        return this.#closeParen();
      case '{':
        this.#mode = 'braces';
        return this.#token('{');
      case '[':
        if (this.#bracketOpen) return this.#error("unexpected left bracket '['");
        this.#bracketOpen = true;
        this.#gotColon = false;
        this.#gotDuration = false;
        this.#mode = 'duration';
        return this.#token('[');
      case ']':
        if (!this.#bracketOpen) return this.#error("unexpected right bracket ']'");
        this.#bracketOpen = false;
        return this.#token(']');
    }
    if (isDigit(character) || (character === '.' && isDigit(this.#peek()))) {
      this.#position = this.#start;
      return this.#readNumber();
    }
    if (!isNameStart(character) && character !== ':') return this.#error(`unexpected character: ${quoteGoCharacter(character)}`);
    return this.#bracketOpen ? this.#readInBracket(character) : this.#readWord();
  }

  /** A right parenthesis that closes nothing is handed out first; the complaint comes with the token after it. */
  #closeParen(): Token {
    this.#parenDepth--;
    if (this.#parenDepth < 0) return this.#error("unexpected right parenthesis ')'", this.#position);
    return this.#token(')');
  }

  #readInBracket(character: string): Token {
    if (character === ':') {
      if (this.#gotColon) return this.#error("unexpected colon ':'");
      this.#gotColon = true;
      return this.#token(':');
    }
    return this.#readDurationWord(character) ?? this.#error(`unexpected character: ${quoteGoCharacter(character)}, expected ':'`);
  }

  #readDurationWord(first: string): Token | null {
    if (!'srmSRM'.includes(first)) return null;
    while (isNameStart(this.#peek())) this.#take();
    const kind = DURATION_WORDS.get(this.input.slice(this.#start, this.#position).toLowerCase());
    return kind === undefined ? null : this.#token(kind);
  }

  #readWord(): Token {
    while (isNameContinue(this.#peek()) || this.#peek() === ':') this.#take();
    const word = this.input.slice(this.#start, this.#position);
    const kind = WORDS.get(word.toLowerCase());
    if (kind === undefined) return this.#token(word.includes(':') ? 'metric-identifier' : 'identifier');
    // These three are words of their own only before a parenthesis, so that metrics may be called so.
    if ((kind === 'fill' || kind === 'fill_left' || kind === 'fill_right') && !this.#isBeforeParen()) return this.#token('identifier');
    return this.#token(kind);
  }

  #isBeforeParen(): boolean {
    let index = this.#position;
    while (isSpace(this.input.charAt(index))) index++;
    return this.input.charAt(index) === '(';
  }

  #readBraces(): Token | null {
    if (this.#skip()) return null;
    const character = this.#take();
    switch (character) {
      case END:
        return this.#error('unexpected end of input inside braces');
      case ',':
        return this.#token(',');
      case '"':
      case "'":
        return this.#readString(character);
      case '`':
        return this.#readRawString();
      case '=':
        return this.#token(this.#accept('~') ? '=~' : '=');
      case '!': {
        const next = this.#take();
        if (next === '~') return this.#token('!~');
        if (next === '=') return this.#token('!=');
        return this.#error(`unexpected character after '!' inside braces: ${quoteGoCharacter(next)}`);
      }
      case '{':
        return this.#error("unexpected left brace '{'");
      case '}':
        this.#mode = 'statement';
        return this.#token('}');
    }
    if (!isNameStart(character)) return this.#error(`unexpected character inside braces: ${quoteGoCharacter(character)}`);
    while (isNameContinue(this.#peek())) this.#take();
    return this.#token('identifier');
  }

  /** After a number the rest of a bracket is read like any statement: that is how Prometheus does it. */
  #readDuration(): Token | null {
    if (isSpace(this.#peek())) {
      while (isSpace(this.#peek())) this.#take();
      return null;
    }
    const character = this.#take();
    switch (character) {
      case END:
        return this.#error('unexpected end of input in duration expression');
      case ']':
        this.#bracketOpen = false;
        this.#gotColon = false;
        this.#mode = 'statement';
        return this.#token(']');
      case ':':
        if (!this.#gotDuration) return this.#error('unexpected colon before duration in duration expression', this.#position);
        if (this.#gotColon) return this.#error('unexpected repeated colon in duration expression', this.#position);
        this.#gotColon = true;
        return this.#token(':');
      case '(':
        this.#parenDepth++;
        return this.#token('(');
      case ')':
        return this.#closeParen();
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
      case ',':
        return this.#token(character);
    }
    if (isDigit(character) || (character === '.' && isDigit(this.#peek()))) {
      this.#position = this.#start;
      this.#gotDuration = true;
      this.#mode = 'statement';
      return this.#readNumber();
    }
    const word = this.#readDurationWord(character);
    if (word === null) return this.#error(`unexpected character in duration expression: ${quoteGoCharacter(character)}`);
    this.#gotDuration = true;
    return word;
  }

  #readString(quote: string): Token {
    for (;;) {
      const character = this.#take();
      if (character === quote) return this.#token('string');
      if (character === END || character === '\n') return this.#error('unterminated quoted string');
      if (isBroken(character)) return this.#error('invalid UTF-8 rune');
      const complaint = character === '\\' ? this.#readEscape(quote) : null;
      if (complaint !== null) return this.#error(complaint);
    }
  }

  #readRawString(): Token {
    for (;;) {
      const character = this.#take();
      if (character === '`') return this.#token('string');
      if (character === END) return this.#error('unterminated raw string');
      if (isBroken(character)) return this.#error('invalid UTF-8 rune');
    }
  }

  #readEscape(quote: string): string | null {
    let character = this.#take();
    if (character === END) return 'escape sequence not terminated';
    if (character === quote || 'abfnrtv\\'.includes(character)) return null;
    let digits: number;
    let base = 16;
    let most = 0x10ffff;
    if (character >= '0' && character <= '7') {
      digits = 3;
      base = 8;
      most = 255;
    } else {
      if (character === 'x') {
        digits = 2;
        most = 255;
      } else if (character === 'u') digits = 4;
      else if (character === 'U') digits = 8;
      else return `unknown escape sequence ${nameGoCharacter(character)}`;
      character = this.#take();
    }
    let code = 0;
    for (let left = digits; left > 0; left--) {
      const digit = /^[0-9a-fA-F]$/.test(character) ? parseInt(character, 16) : 16;
      if (digit >= base) {
        return character === END ? 'escape sequence not terminated' : `illegal character ${nameGoCharacter(character)} in escape sequence`;
      }
      // Prometheus sums up in 32 bits, which wrap.
      code = (code * base + digit) >>> 0;
      if (left > 1) character = this.#take();
    }
    return code > most || (code >= 0xd800 && code < 0xe000) ? 'escape sequence is an invalid Unicode code point' : null;
  }

  #readNumber(): Token {
    if (this.#scanNumber()) return this.#token('number');
    const complaint = (): Token => this.#error(`bad number or duration syntax: ${quoteGo(this.input.slice(this.#start, this.#position))}`);
    if (!this.#accept('smhdwy')) return complaint();
    this.#accept('s');
    while (this.#accept('0123456789')) {
      while (this.#accept('0123456789'));
      if (!this.#accept('smhdw')) return complaint();
      this.#accept('s');
    }
    if (isAlphaNumeric(this.#peek())) {
      this.#take();
      return complaint();
    }
    return this.#token('duration');
  }

  /** What it takes need not be a number; that is found out when its value is computed. */
  #scanNumber(): boolean {
    const begin = this.#position;
    let digits = '0123456789';
    if (this.#accept('0') && this.#accept('xX')) {
      this.#accept('_');
      digits = '0123456789abcdefABCDEF';
    }
    const isHex = digits.length > 10;
    this.#accept('.');
    this.#accept(digits);
    let dotTaken = false;
    let exponentTaken = false;
    while (this.#is(`${digits}._eE`)) {
      if (dotTaken && this.#accept('.')) return false;
      if (exponentTaken && this.#accept('eE')) return false;
      if (this.#accept('.')) {
        dotTaken = true;
        if (this.#accept('_.') || isHex) return false;
      } else if (this.#accept('eE')) {
        exponentTaken = true;
        this.#accept('+-');
        if (this.#accept('._eE') || this.#peek() === END) return false;
      } else if (this.#accept('_')) {
        if (this.#accept('._eE') || this.#peek() === END) return false;
      } else {
        while (this.#accept(digits));
      }
    }
    return this.#position !== begin && !isAlphaNumeric(this.#peek());
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

function isNameStart(character: string): boolean {
  return /^[A-Za-z_]$/.test(character);
}

function isNameContinue(character: string): boolean {
  return isNameStart(character) || isDigit(character);
}

function isAlphaNumeric(character: string): boolean {
  return isNameContinue(character);
}

/** U+FFFD as a character stands for broken UTF-8 in Go, and so does a lone surrogate here. */
function isBroken(character: string): boolean {
  return character === '\uFFFD' || /^[\uD800-\uDFFF]$/.test(character);
}
