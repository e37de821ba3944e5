import { WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { describe, expect, it } from 'vitest';
import { startServer } from './start-server.js';

describe('WriteRecords', () => {
  it('counts what it stored', async () => {
    const { write } = await startServer();
    const answer = await write.send(
      new WriteRecordsCommand({
        DatabaseName: 'db',
        TableName: 't',
        CommonAttributes: { Dimensions: [{ Name: 'job', Value: 'n' }], MeasureValueType: 'DOUBLE' },
        Records: [{ MeasureName: 'up', MeasureValue: '1', Time: String(Date.now()) }],
      }),
    );
    expect(answer.RecordsIngested).toEqual({ Total: 1, MemoryStore: 1, MagneticStore: 0 });
  });
});
