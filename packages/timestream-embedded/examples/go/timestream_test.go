// go test asks the server at the address in TIMESTREAM_ENDPOINT; go test -tags container starts one, of the image that the Dockerfile of these
// examples makes.
package timestream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/timestreamquery"
	querytypes "github.com/aws/aws-sdk-go-v2/service/timestreamquery/types"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite"
	"github.com/aws/aws-sdk-go-v2/service/timestreamwrite/types"
)

// startContainer is set in container_test.go.
var startContainer func(ctx context.Context, t *testing.T) string

func connect(t *testing.T) (*timestreamwrite.Client, *timestreamquery.Client) {
	endpoint := os.Getenv("TIMESTREAM_ENDPOINT")
	if startContainer != nil {
		endpoint = startContainer(context.Background(), t)
	} else if endpoint == "" {
		t.Fatal("TIMESTREAM_ENDPOINT has to be the address of a server, or the tests need -tags container")
	}
	key := credentials.NewStaticCredentialsProvider("local", "secret", "")
	write := timestreamwrite.New(timestreamwrite.Options{Region: "us-east-1", Credentials: key, BaseEndpoint: aws.String(endpoint)})
	query := timestreamquery.New(timestreamquery.Options{Region: "us-east-1", Credentials: key, BaseEndpoint: aws.String(endpoint)})
	return write, query
}

func cpu(host string, value float64, timeMs int64) types.Record {
	return types.Record{
		Dimensions:       []types.Dimension{{Name: aws.String("host"), Value: aws.String(host)}},
		MeasureName:      aws.String("cpu"),
		MeasureValue:     aws.String(fmt.Sprint(value)),
		MeasureValueType: types.MeasureValueTypeDouble,
		Time:             aws.String(fmt.Sprint(timeMs)),
	}
}

func TestWhatWasWrittenIsFoundOnAllPages(t *testing.T) {
	ctx := context.Background()
	write, query := connect(t)
	nowMs := time.Now().UnixMilli()
	// Of this run, so that the next one may ask the same server.
	host := fmt.Sprintf("go-%d", time.Now().UnixNano())
	for first := 0; first < 1500; first += 100 {
		var records []types.Record
		for each := first; each < first+100; each++ {
			records = append(records, cpu(host, float64(each)+0.5, nowMs-int64(each)*1000))
		}
		input := &timestreamwrite.WriteRecordsInput{DatabaseName: aws.String("db"), TableName: aws.String("t"), Records: records}
		if _, err := write.WriteRecords(ctx, input); err != nil {
			t.Fatal(err)
		}
	}
	statement := aws.String("SELECT measure_value::double FROM db.t WHERE host = '" + host + "' ORDER BY time DESC")
	pages := timestreamquery.NewQueryPaginator(query, &timestreamquery.QueryInput{QueryString: statement})
	rows := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.Rows {
			if value, expected := aws.ToString(row.Data[0].ScalarValue), fmt.Sprint(float64(rows)+0.5); value != expected {
				t.Fatalf("row %d has %s instead of %s", rows, value, expected)
			}
			rows++
		}
	}
	if rows != 1500 {
		t.Fatalf("%d rows instead of 1500", rows)
	}
}

func TestARecordThatIsTooOldIsNamed(t *testing.T) {
	write, _ := connect(t)
	records := []types.Record{cpu("go", 1, time.Now().UnixMilli()), cpu("go", 2, 1)}
	input := &timestreamwrite.WriteRecordsInput{DatabaseName: aws.String("db"), TableName: aws.String("t"), Records: records}
	_, err := write.WriteRecords(context.Background(), input)
	var rejected *types.RejectedRecordsException
	if !errors.As(err, &rejected) || len(rejected.RejectedRecords) != 1 || rejected.RejectedRecords[0].RecordIndex != 1 {
		t.Fatalf("not the second record was rejected: %v", err)
	}
}

func TestAStatementThatCannotRunSaysWhy(t *testing.T) {
	_, query := connect(t)
	_, err := query.Query(context.Background(), &timestreamquery.QueryInput{QueryString: aws.String("SELECT nothing FROM db.t")})
	var invalid *querytypes.ValidationException
	if !errors.As(err, &invalid) || aws.ToString(invalid.Message) != "line 1:8: Column 'nothing' does not exist" {
		t.Fatalf("not the column was named: %v", err)
	}
}
