package main

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// chunkInput asks what a chunk holds.
type chunkInput struct {
	Float bool   `json:"float"`
	Bytes string `json:"bytes"`
}

// chunksInput asks for histograms of one series as Prometheus stores them.
type chunksInput struct {
	Float      bool             `json:"float"`
	Histograms []chunkHistogram `json:"histograms"`
}

// chunkHistogram is a histogram without loss: floats are bits, integers decimals. Buckets are deltas of integers, and absolute floats.
type chunkHistogram struct {
	Time          int64      `json:"time"`
	Hint          string     `json:"hint"`
	Schema        int32      `json:"schema"`
	ZeroThreshold string     `json:"zeroThreshold"`
	ZeroCount     string     `json:"zeroCount"`
	Count         string     `json:"count"`
	Sum           string     `json:"sum"`
	PositiveSpans [][2]int64 `json:"positiveSpans"`
	Positive      []string   `json:"positive"`
	NegativeSpans [][2]int64 `json:"negativeSpans"`
	Negative      []string   `json:"negative"`
	CustomBounds  []string   `json:"customBounds"`
}

func bitsText(f float64) string { return strconv.FormatUint(math.Float64bits(f), 16) }

func bitsNumber(text string) float64 {
	bits, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		panic(err)
	}
	return math.Float64frombits(bits)
}

func whole(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func texts[T any](values []T, text func(T) string) []string {
	out := []string{}
	for _, v := range values {
		out = append(out, text(v))
	}
	return out
}

func parsed[T any](values []string, value func(string) T) []T {
	var out []T
	for _, v := range values {
		out = append(out, value(v))
	}
	return out
}

func deltaNumber(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func pairs(spans []histogram.Span) [][2]int64 {
	out := [][2]int64{}
	for _, s := range spans {
		out = append(out, [2]int64{int64(s.Offset), int64(s.Length)})
	}
	return out
}

func hintText(hint histogram.CounterResetHint) string {
	for text, h := range hints {
		if h == hint {
			return text
		}
	}
	return fmt.Sprint(hint)
}

func decodeChunk(in chunkInput) any {
	bytes, err := hex.DecodeString(in.Bytes)
	if err != nil {
		panic(err)
	}
	encoding := chunkenc.EncHistogram
	if in.Float {
		encoding = chunkenc.EncFloatHistogram
	}
	chunk, err := chunkenc.FromData(encoding, bytes)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	out := []chunkHistogram{}
	it := chunk.Iterator(nil)
	for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
		if in.Float {
			t, h := it.AtFloatHistogram(nil)
			out = append(out, chunkHistogram{
				Time: t, Hint: hintText(h.CounterResetHint), Schema: h.Schema, ZeroThreshold: bitsText(h.ZeroThreshold), ZeroCount: bitsText(h.ZeroCount),
				Count: bitsText(h.Count), Sum: bitsText(h.Sum), PositiveSpans: pairs(h.PositiveSpans), Positive: texts(h.PositiveBuckets, bitsText),
				NegativeSpans: pairs(h.NegativeSpans), Negative: texts(h.NegativeBuckets, bitsText), CustomBounds: texts(h.CustomValues, bitsText),
			})
			continue
		}
		t, h := it.AtHistogram(nil)
		delta := func(n int64) string { return strconv.FormatInt(n, 10) }
		out = append(out, chunkHistogram{
			Time: t, Hint: hintText(h.CounterResetHint), Schema: h.Schema, ZeroThreshold: bitsText(h.ZeroThreshold),
			ZeroCount: strconv.FormatUint(h.ZeroCount, 10), Count: strconv.FormatUint(h.Count, 10), Sum: bitsText(h.Sum),
			PositiveSpans: pairs(h.PositiveSpans), Positive: texts(h.PositiveBuckets, delta),
			NegativeSpans: pairs(h.NegativeSpans), Negative: texts(h.NegativeBuckets, delta), CustomBounds: texts(h.CustomValues, bitsText),
		})
	}
	if it.Err() != nil {
		return map[string]string{"error": it.Err().Error()}
	}
	return out
}

// encodeChunks gives the chunks as storage.NewSeriesToChunkEncoder makes them: another one where the appender asks for it.
func encodeChunks(in chunksInput) any {
	var chunk chunkenc.Chunk = chunkenc.NewHistogramChunk()
	if in.Float {
		chunk = chunkenc.NewFloatHistogramChunk()
	}
	app, err := chunk.Appender()
	if err != nil {
		panic(err)
	}
	out := []string{}
	for _, one := range in.Histograms {
		var next chunkenc.Chunk
		var recoded bool
		if in.Float {
			next, recoded, app, err = app.AppendFloatHistogram(nil, 0, one.Time, &histogram.FloatHistogram{
				CounterResetHint: hints[one.Hint], Schema: one.Schema, ZeroThreshold: bitsNumber(one.ZeroThreshold), ZeroCount: bitsNumber(one.ZeroCount),
				Count: bitsNumber(one.Count), Sum: bitsNumber(one.Sum), PositiveSpans: spans(one.PositiveSpans), PositiveBuckets: parsed(one.Positive, bitsNumber),
				NegativeSpans: spans(one.NegativeSpans), NegativeBuckets: parsed(one.Negative, bitsNumber), CustomValues: parsed(one.CustomBounds, bitsNumber),
			}, false)
		} else {
			next, recoded, app, err = app.AppendHistogram(nil, 0, one.Time, &histogram.Histogram{
				CounterResetHint: hints[one.Hint], Schema: one.Schema, ZeroThreshold: bitsNumber(one.ZeroThreshold), ZeroCount: whole(one.ZeroCount),
				Count: whole(one.Count), Sum: bitsNumber(one.Sum), PositiveSpans: spans(one.PositiveSpans), PositiveBuckets: parsed(one.Positive, deltaNumber),
				NegativeSpans: spans(one.NegativeSpans), NegativeBuckets: parsed(one.Negative, deltaNumber), CustomValues: parsed(one.CustomBounds, bitsNumber),
			}, false)
		}
		if err != nil {
			return map[string]string{"error": err.Error()}
		}
		if next == nil {
			continue
		}
		if !recoded {
			out = append(out, hex.EncodeToString(chunk.Bytes()))
		}
		chunk = next
	}
	return append(out, hex.EncodeToString(chunk.Bytes()))
}
