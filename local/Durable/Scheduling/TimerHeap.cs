using IRFunctions.Local.Durable.Stores;

namespace IRFunctions.Local.Durable.Scheduling;

/// <summary>Messages by due time, then number. Each knows its place, so that a cancelled one leaves at once instead of lying there until it is
/// due.</summary>
internal sealed class TimerHeap
{
    private readonly List<DurableMessage> heap = [];

    public int Count => heap.Count;

    public DurableMessage? First => heap.Count == 0 ? null : heap[0];

    public void Add(DurableMessage message)
    {
        heap.Add(message);
        Up(heap.Count - 1, message);
    }

    public void Remove(DurableMessage message)
    {
        var hole = message.HeapIndex;
        if (hole < 0) return;
        message.HeapIndex = -1;
        var last = heap[^1];
        heap.RemoveAt(heap.Count - 1);
        if (last == message) return;
        Down(hole, last);
        if (last.HeapIndex == hole) Up(hole, last);
    }

    private static bool Before(DurableMessage a, DurableMessage b) => a.Due != b.Due ? a.Due < b.Due : a.Number < b.Number;

    private void Up(int index, DurableMessage message)
    {
        for (; index > 0; index = (index - 1) / 2)
        {
            var parent = heap[(index - 1) / 2];
            if (!Before(message, parent)) break;
            Put(index, parent);
        }

        Put(index, message);
    }

    private void Down(int index, DurableMessage message)
    {
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= heap.Count) break;
            if (child + 1 < heap.Count && Before(heap[child + 1], heap[child])) child++;
            if (!Before(heap[child], message)) break;
            Put(index, heap[child]);
            index = child;
        }

        Put(index, message);
    }

    private void Put(int index, DurableMessage message)
    {
        heap[index] = message;
        message.HeapIndex = index;
    }
}
