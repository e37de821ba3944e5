// Command promql-oracle answers PromQL queries with Prometheus' own engine over series that it is told.
//
// It reads one JSON document per line. {"series": [...]} replaces what is stored; {"query": ...} is answered, {"format": ...} is
// parsed and printed, {"math": [...]} is computed, {"chunk": ...} is decoded and {"chunks": ...} encoded; {"timing": ...} is a query of
// which the time of the fastest run counts. Every query is run three times: where Prometheus does not agree with itself, all its answers are given.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

type request struct {
	Series *[]seriesInput `json:"series"`
	Query  *queryInput    `json:"query"`
	Format *string        `json:"format"`
	Math   *[3]string     `json:"math"` // function, bits of its arguments
	Chunk  *chunkInput    `json:"chunk"`
	Chunks *chunksInput   `json:"chunks"`
	Timing *queryInput    `json:"timing"`
}

type seriesInput struct {
	Labels     map[string]string `json:"labels"`
	Times      []int64           `json:"times"`
	Bits       []string          `json:"bits"`
	Histograms []histogramInput  `json:"histograms"`
}

type histogramInput struct {
	Stale bool `json:"stale"`
	chunkHistogram
}

type queryInput struct {
	Text       string `json:"text"`
	StartMs    int64  `json:"startMs"`
	EndMs      int64  `json:"endMs"`
	StepMs     int64  `json:"stepMs"` // 0 asks for an instant
	LookbackMs int64  `json:"lookbackMs"`
	Runs       int    `json:"runs"`
}

type answer struct {
	Error    string   `json:"error,omitempty"`
	Type     string   `json:"type,omitempty"`
	Result   any      `json:"result,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Infos    []string `json:"infos,omitempty"`
}

type point [2]any

type seriesOutput struct {
	Labels     map[string]string `json:"labels"`
	Values     []point           `json:"values,omitempty"`
	Histograms []json.RawMessage `json:"histograms,omitempty"`
}

type sample struct {
	time int64
	f    float64
	fh   *histogram.FloatHistogram
}

func (s sample) T() int64                      { return s.time }
func (s sample) ST() int64                     { return 0 }
func (s sample) F() float64                    { return s.f }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return s.fh }

func (s sample) Type() chunkenc.ValueType {
	if s.fh != nil {
		return chunkenc.ValFloatHistogram
	}
	return chunkenc.ValFloat
}

func (s sample) Copy() chunks.Sample {
	c := s
	if s.fh != nil {
		c.fh = s.fh.Copy()
	}
	return c
}

type storedSeries struct {
	labels  labels.Labels
	samples chunks.SampleSlice
}

type store struct{ series []storedSeries }

func (s *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{s, mint, maxt}, nil
}

type querier struct {
	store      *store
	mint, maxt int64
}

func (*querier) Close() error { return nil }

func (*querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q *querier) Select(_ context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = hints.Start, hints.End
	}
	set := &seriesSet{}
	for _, s := range q.store.series {
		if !matches(s.labels, matchers) {
			continue
		}
		var inside chunks.SampleSlice
		for _, one := range s.samples {
			if one.T() >= mint && one.T() <= maxt {
				inside = append(inside, one)
			}
		}
		set.series = append(set.series, &storage.SeriesEntry{
			Lset:             s.labels,
			SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator { return storage.NewListSeriesIteratorWithCopy(inside) },
		})
	}
	return set
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

type seriesSet struct {
	series []storage.Series
	next   int
}

func (s *seriesSet) Next() bool                      { s.next++; return s.next <= len(s.series) }
func (s *seriesSet) At() storage.Series              { return s.series[s.next-1] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

func number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return f
}

func numbers(texts []string) []float64 {
	var out []float64
	for _, t := range texts {
		out = append(out, number(t))
	}
	return out
}

func spans(pairs [][2]int64) []histogram.Span {
	var out []histogram.Span
	for _, p := range pairs {
		out = append(out, histogram.Span{Offset: int32(p[0]), Length: uint32(p[1])})
	}
	return out
}

var hints = map[string]histogram.CounterResetHint{
	"unknown": histogram.UnknownCounterReset, "reset": histogram.CounterReset,
	"not-reset": histogram.NotCounterReset, "gauge": histogram.GaugeType,
}

const staleBits = 0x7ff0000000000002

func load(inputs []seriesInput) *store {
	s := &store{}
	for _, in := range inputs {
		one := storedSeries{labels: labels.FromMap(in.Labels)}
		for i, t := range in.Times {
			bits, err := strconv.ParseUint(in.Bits[i], 16, 64)
			if err != nil {
				panic(err)
			}
			one.samples = append(one.samples, sample{time: t, f: math.Float64frombits(bits)})
		}
		for _, h := range in.Histograms {
			if h.Stale {
				one.samples = append(one.samples, sample{time: h.Time, fh: &histogram.FloatHistogram{Sum: math.Float64frombits(staleBits)}})
				continue
			}
			one.samples = append(one.samples, sample{time: h.Time, fh: &histogram.FloatHistogram{
				CounterResetHint: hints[h.Hint], Schema: h.Schema, ZeroThreshold: number(h.ZeroThreshold), ZeroCount: number(h.ZeroCount),
				Count: number(h.Count), Sum: number(h.Sum), PositiveSpans: spans(h.PositiveSpans), PositiveBuckets: numbers(h.Positive),
				NegativeSpans: spans(h.NegativeSpans), NegativeBuckets: numbers(h.Negative), CustomValues: numbers(h.CustomBounds),
			}})
		}
		slices.SortStableFunc(one.samples, func(a, b chunks.Sample) int { return int(a.T() - b.T()) })
		s.series = append(s.series, one)
	}
	slices.SortFunc(s.series, func(a, b storedSeries) int { return labels.Compare(a.labels, b.labels) })
	return s
}

func histogramJSON(t int64, h *histogram.FloatHistogram) json.RawMessage {
	text, err := promql.HPoint{T: t, H: h}.MarshalJSON()
	if err != nil {
		panic(err)
	}
	return text
}

func value(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func render(v parser.Value) any {
	out := []seriesOutput{}
	switch v := v.(type) {
	case promql.Vector:
		for _, s := range v {
			o := seriesOutput{Labels: s.Metric.Map()}
			if s.H != nil {
				o.Histograms = []json.RawMessage{histogramJSON(s.T, s.H)}
			} else {
				o.Values = []point{{s.T, value(s.F)}}
			}
			out = append(out, o)
		}
	case promql.Matrix:
		for _, s := range v {
			o := seriesOutput{Labels: s.Metric.Map()}
			for _, p := range s.Floats {
				o.Values = append(o.Values, point{p.T, value(p.F)})
			}
			for _, p := range s.Histograms {
				o.Histograms = append(o.Histograms, histogramJSON(p.T, p.H))
			}
			out = append(out, o)
		}
	case promql.Scalar:
		return point{v.T, value(v.V)}
	case promql.String:
		return point{v.T, v.V}
	}
	return out
}

func main() {
	options := parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}
	p := parser.NewParser(options)
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 }, Parser: p,
	})
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<28)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encode := json.NewEncoder(out)
	encode.SetEscapeHTML(false)
	stored := &store{}
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		var reply any
		switch {
		case r.Series != nil:
			stored = load(*r.Series)
			continue
		case r.Format != nil:
			reply = format(p, *r.Format)
		case r.Math != nil:
			reply = compute(*r.Math)
		case r.Chunk != nil:
			reply = decodeChunk(*r.Chunk)
		case r.Timing != nil:
			reply = timing(engine, stored, *r.Timing)
		case r.Chunks != nil:
			reply = encodeChunks(*r.Chunks)
		case r.Query != nil:
			reply = run(engine, stored, *r.Query)
		}
		if err := encode.Encode(reply); err != nil {
			panic(err)
		}
	}
}

var unary = map[string]func(float64) float64{
	"exp": math.Exp, "exp2": math.Exp2, "log": math.Log, "log2": math.Log2, "log10": math.Log10, "log1p": math.Log1p,
	"sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "asin": math.Asin, "acos": math.Acos, "atan": math.Atan,
	"sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh, "asinh": math.Asinh, "acosh": math.Acosh, "atanh": math.Atanh,
}

var binary = map[string]func(float64, float64) float64{"pow": math.Pow, "mod": math.Mod, "atan2": math.Atan2}

func compute(call [3]string) string {
	arg := func(text string) float64 {
		bits, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			panic(err)
		}
		return math.Float64frombits(bits)
	}
	var result float64
	if f, ok := unary[call[0]]; ok {
		result = f(arg(call[1]))
	} else {
		result = binary[call[0]](arg(call[1]), arg(call[2]))
	}
	if math.IsNaN(result) {
		return "NaN"
	}
	return strconv.FormatUint(math.Float64bits(result), 16)
}

func format(p parser.Parser, text string) any {
	expr, err := p.ParseExpr(text)
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return map[string]string{"line": expr.String(), "pretty": parser.Prettify(expr)}
}

func run(engine *promql.Engine, stored *store, q queryInput) []answer {
	var answers []answer
	for range max(1, q.Runs) {
		one := runOnce(engine, stored, q)
		text, _ := json.Marshal(one)
		if !slices.ContainsFunc(answers, func(a answer) bool { known, _ := json.Marshal(a); return string(known) == string(text) }) {
			answers = append(answers, one)
		}
	}
	return answers
}

func newQuery(ctx context.Context, engine *promql.Engine, stored *store, q queryInput) (promql.Query, error) {
	opts := promql.NewPrometheusQueryOpts(false, time.Duration(q.LookbackMs)*time.Millisecond, nil)
	if q.StepMs == 0 {
		return engine.NewInstantQuery(ctx, stored, opts, q.Text, time.UnixMilli(q.StartMs))
	}
	step := time.Duration(q.StepMs) * time.Millisecond
	return engine.NewRangeQuery(ctx, stored, opts, q.Text, time.UnixMilli(q.StartMs), time.UnixMilli(q.EndMs), step)
}

// timing gives the nanoseconds from the text of a query to its result, the least of all runs.
func timing(engine *promql.Engine, stored *store, q queryInput) int64 {
	ctx := context.Background()
	least := int64(math.MaxInt64)
	for range max(1, q.Runs) {
		start := time.Now()
		query, err := newQuery(ctx, engine, stored, q)
		if err == nil {
			query.Exec(ctx)
			query.Close()
		}
		least = min(least, time.Since(start).Nanoseconds())
	}
	return least
}

func runOnce(engine *promql.Engine, stored *store, q queryInput) answer {
	ctx := context.Background()
	query, err := newQuery(ctx, engine, stored, q)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return answer{Error: result.Err.Error()}
	}
	warnings, infos := result.Warnings.AsStrings(q.Text, 0, 0)
	slices.Sort(warnings)
	slices.Sort(infos)
	return answer{Type: fmt.Sprint(result.Value.Type()), Result: render(result.Value), Warnings: warnings, Infos: infos}
}
