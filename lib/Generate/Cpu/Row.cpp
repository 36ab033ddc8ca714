// A row kernel: for each point of the leading dimensions, passes over the row
// in vectors. Values are computed again in each pass unless they cost a
// function; sums stay in registers over the whole pass, partial sums of scalars
// over the whole chunk. What does not depend on the place in the row is
// computed before the pass.
#include "lib/Generate/Cpu/Families.h"
#include "lib/Generate/Cpu/Finish.h"
#include "lib/Generate/Cpu/Partials.h"
#include "lib/Generate/Cpu/RowLoop.h"
#include "lib/Generate/Cpu/RowStages.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace ogee;

FailureOr<KernelSizes> ogee::sizeRow(kernel::FuncOp kernel,
                                     const Target &target) {
  RowSpace space = rowSpaceOf(kernel, target);
  FailureOr<RowStages> stages = rowStagesOf(kernel, space);
  if (failed(stages))
    return failure();
  KernelSizes sizes;
  sizes.chunks = space.chunks;
  sizes.workspaces = chunkWorkspaces(kernel, space.chunks);
  for (ArrayRef<Value> kept : stages->kept)
    for (Value value : kept)
      sizes.scratch += RowStages::scratchBytes(value, space);
  return sizes;
}

static Value inputOf(linalg::GenericOp reduction) {
  return reduction.getDpsInputs()[0];
}

static Value sumOf(linalg::GenericOp reduction) {
  return reduction.getResult(0);
}

namespace {

using Values = SmallVector<Value>;

class RowEmitter {
public:
  RowEmitter(Frame &frame, const RowSpace &space, const RowStages &stages)
      : frame(frame), space(space), stages(stages),
        elements(frame, space.isScalar() ? 1 : space.lanes) {
    prepare();
  }

  LogicalResult emit() {
    if (space.isScalar())
      elements.store(stages.elementSinks, {});
    else if (frame.kernel().getList())
      emitList();
    else
      emitChunk();
    return failure(elements.failed());
  }

private:
  /// A row as emitted: its number, its length, and the number of its first
  /// element where rows are not told apart by `point`.
  struct Row {
    AffineExpr point, first;
    Value count;                 // i64
    std::optional<int64_t> even; // the same, if known
  };
  /// A partial that keeps the row: where the chunk's sums are.
  struct RowSum {
    linalg::GenericOp op;
    Value part;
  };

  //===-- Setting up ------------------------------------------------------===//

  void prepare() {
    passes.resize(stages.passes);
    for (const RowStages::Complete &complete : stages.reductions)
      for (RowPass &pass :
           passesOf(complete.op, space.elements, frame, elements)) {
        passes[complete.pass + pass.pass].push_back(pass.reduction.get());
        owned.push_back(std::move(pass.reduction));
      }
    for (const RowPartial &partial : stages.partials) {
      if (partial.keepsRow)
        rowSums.push_back({partial.op, partOf(partial)});
      else if (partial.ofElements)
        chunkSums.push_back(makePartialReduction(partial.op, frame, elements));
    }
  }

  /// The chunk's part of a partial's workspace.
  Value partOf(const RowPartial &partial) {
    auto type = cast<RankedTensorType>(sumOf(partial.op).getType());
    return frame.at(frame.workspace(partial.workspace), type.getElementType(),
                    frame.mul(frame.chunk(), partStride(type)));
  }

  Type elementOf(linalg::GenericOp partial) {
    return getElementTypeOrSelf(partial.getResult(0).getType());
  }

  //===-- A chunk ---------------------------------------------------------===//

  void emitChunk() {
    clearRowSums();
    Value first = frame.mul(frame.chunk(), space.chunkPoints);
    Value last = frame.min(frame.add(first, space.chunkPoints),
                           frame.constant(space.points));
    Values sums = frame.loop(first, last, 1, startSums(),
                             [&](Value point, ValueRange carried) {
                               return emitPoint(point, carried);
                             });
    storeSums(sums);
  }

  /// One pass over a range of one tuple's elements.
  void emitList() {
    Frame::ListChunk chunk = frame.listChunk();
    Row row{elements.constant(0), elements.variable(chunk.first), chunk.count,
            std::nullopt};
    if (stages.passes > 0)
      emitPass(0, row, {});
  }

  void clearRowSums() {
    for (const RowSum &sum : rowSums) {
      auto type = VectorType::get({space.lanes}, elementOf(sum.op));
      Value neutral = frame.constant(type, neutralOf(combinerOf(sum.op)));
      Row row{elements.constant(0), elements.constant(0),
              frame.constant(space.elements), space.elements};
      loopOver(row).run({}, {}, [&](Value start, Value mask, ValueRange) {
        frame.store(neutral, frame.at(sum.part, elementOf(sum.op), start),
                    mask);
        return Values();
      });
    }
  }

  /// Sums that points carry on: vectors of elements, then scalars of rows.
  Values startSums() {
    Values sums;
    for (auto &sum : chunkSums)
      llvm::append_range(sums, sum->start());
    for (const RowPartial &partial : stages.partials)
      if (!partial.ofElements)
        sums.push_back(frame.constant(elementOf(partial.op),
                                      neutralOf(combinerOf(partial.op))));
    return sums;
  }

  void storeSums(ValueRange sums) {
    for (bool ofElements : {true, false})
      for (const RowPartial &partial : stages.partials) {
        if (partial.keepsRow || partial.ofElements != ofElements)
          continue;
        Value sum = sums.front();
        sums = sums.drop_front();
        if (ofElements)
          sum = combineLanes(frame, combinerOf(partial.op), sum);
        frame.store(sum, partOf(partial));
      }
  }

  //===-- A row -----------------------------------------------------------===//

  Row rowAt(Value point) {
    AffineExpr number = elements.variable(point);
    AffineExpr zero = elements.constant(0);
    if (space.isEven())
      return {number, zero, frame.constant(space.elements), space.elements};
    Value left = frame.add(frame.mul(point, -space.elements), space.total);
    return {number, zero, frame.min(left, frame.constant(space.elements)),
            std::nullopt};
  }

  Values emitPoint(Value point, ValueRange carried) {
    Elements::Scope scope(elements);
    Row row = rowAt(point);
    size_t inLanes = chunkSums.size();
    Values sums(carried.take_front(inLanes));
    int64_t scratch = 0;
    for (unsigned pass = 0; pass < stages.passes; ++pass) {
      sums = emitPass(pass, row, sums, scratch);
      scratch = placeKept(pass, scratch);
    }
    Point leading = space.leadingPoint(row.point);
    Values scalars(carried.drop_front(inLanes));
    addRowScalars(leading, scalars);
    elements.store(stages.rowSinks, leading);
    sums.append(scalars);
    return sums;
  }

  void addRowScalars(ArrayRef<AffineExpr> leading, Values &scalars) {
    unsigned next = 0;
    for (const RowPartial &partial : stages.partials) {
      if (partial.ofElements)
        continue;
      Value value = elements.read(inputOf(partial.op), leading);
      Value &sum = scalars[next++];
      sum = elements.cloneBody(combinerOf(partial.op), ValueRange{value, sum});
    }
  }

  //===-- A pass ----------------------------------------------------------===//

  /// Sums of the chunk go in and come out; only the last pass changes them.
  Values emitPass(unsigned pass, const Row &row, ArrayRef<Value> sums,
                  int64_t scratch = 0) {
    bool last = pass + 1 == stages.passes;
    SmallVector<RowReduction *> active(passes[pass]);
    if (last)
      for (auto &sum : chunkSums)
        active.push_back(sum.get());
    hoist(pass, row);

    // All copies but the first start from nothing.
    Values first;
    for (RowReduction *reduction : passes[pass])
      llvm::append_range(first, reduction->start());
    if (last)
      first.append(sums.begin(), sums.end());
    auto body = [&](Value start, Value mask, ValueRange state) {
      return emitVector(pass, row, start, mask, state, active, scratch);
    };
    Values state = loopOver(row).run(active, first, body);
    size_t used = 0;
    Point leading = space.leadingPoint(row.point);
    for (RowReduction *reduction : passes[pass]) {
      size_t size = reduction->start().size();
      auto across = reduction->acrossLanes(ArrayRef(state).slice(used, size));
      reduction->finish(across, leading);
      used += size;
    }
    return last ? Values(ArrayRef(state).drop_front(used)) : Values(sums);
  }

  RowLoop loopOver(const Row &row) {
    return RowLoop(frame, space.lanes, row.count, row.even);
  }

  /// One vector of a row in one pass.
  Values emitVector(unsigned pass, const Row &row, Value start, Value mask,
                    ValueRange state, ArrayRef<RowReduction *> active,
                    int64_t scratch) {
    Elements::Scope scope(elements);
    elements.setMask(mask);
    AffineExpr element =
        elements.variable(start, space.lanes) + elements.lane();
    Point point = space.elementPoint(row.point, row.first + element);
    Values next;
    for (RowReduction *reduction : active) {
      size_t size = reduction->start().size();
      llvm::append_range(next,
                         reduction->step(point, mask, state.take_front(size)));
      state = state.drop_front(size);
    }
    for (Value value : stages.kept[pass]) {
      Type type = getElementTypeOrSelf(value.getType());
      frame.store(elements.readVector(value, point),
                  frame.at(frame.bytes(frame.scratch(), scratch), type, start),
                  mask);
      scratch += RowStages::scratchBytes(value, space);
    }
    if (pass + 1 == stages.passes) {
      addRowSums(point, start, mask);
      elements.store(stages.elementSinks, point);
    }
    return next;
  }

  void addRowSums(ArrayRef<AffineExpr> point, Value start, Value mask) {
    for (const RowSum &sum : rowSums) {
      Value value = elements.readVector(inputOf(sum.op), point);
      Value place = frame.at(sum.part, elementOf(sum.op), start);
      Value before = frame.load(cast<VectorType>(value.getType()), place, mask);
      Value after =
          elements.cloneBody(combinerOf(sum.op), ValueRange{value, before});
      frame.store(after, place, mask);
    }
  }

  /// From here on what the pass kept is read from scratch.
  int64_t placeKept(unsigned pass, int64_t scratch) {
    for (Value value : stages.kept[pass]) {
      SmallVector<int64_t> strides(space.leading().size(), 0);
      strides.append(rowMajor(space.row()));
      elements.place(value, frame.bytes(frame.scratch(), scratch), strides);
      scratch += RowStages::scratchBytes(value, space);
    }
    return scratch;
  }

  //===-- What does not change along a row --------------------------------===//

  /// Reads, before the pass, what its values read at a place that is the same
  /// for the whole row. The lane stands for the place in the row.
  void hoist(unsigned pass, const Row &row) {
    Point point = space.elementPoint(row.point, row.first + elements.lane());
    for (RowReduction *reduction : passes[pass])
      elements.hoist(reduction->getInput(), point);
    if (pass + 1 != stages.passes)
      return;
    for (const Sink &sink : stages.elementSinks)
      elements.hoist(sink.value, point);
    for (const RowPartial &partial : stages.partials)
      if (partial.ofElements)
        elements.hoist(inputOf(partial.op), point);
  }

  Frame &frame;
  const RowSpace &space;
  const RowStages &stages;
  Elements elements;
  std::vector<std::unique_ptr<RowReduction>> owned;
  SmallVector<SmallVector<RowReduction *>> passes;
  std::vector<std::unique_ptr<RowReduction>> chunkSums;
  SmallVector<RowSum> rowSums;
};

} // namespace

LogicalResult ogee::emitRow(ModuleOp module, kernel::FuncOp kernel,
                            const Target &target) {
  RowSpace space = rowSpaceOf(kernel, target);
  FailureOr<RowStages> stages = rowStagesOf(kernel, space);
  if (failed(stages))
    return failure();
  Frame frame(module, kernel.getName(), kernel, target);
  if (failed(RowEmitter(frame, space, *stages).emit()))
    return failure();
  return emitFinish(module, kernel, target, space.chunks);
}
