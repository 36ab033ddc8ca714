// All terms of a value's gradient are known when the walk back reaches its
// operation, so they are added once, in the order in which they came.
#include "lib/Differentiate/Tape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace ogee;

static bool isFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && isa<FloatType>(type.getElementType());
}

Tape::Tape(OpBuilder &builder, ValueRange roots, const Mutation &mutation)
    : place(builder), location(builder.getUnknownLoc()), mutation(mutation) {
  active.insert(roots.begin(), roots.end());
  this->roots.insert(roots.begin(), roots.end());
}

void Tape::markActive(Block &block) {
  for (Operation &op : block) {
    if (isa<nn::StopGradientOp>(op) ||
        !llvm::any_of(op.getOperands(),
                      [&](Value value) { return active.contains(value); }))
      continue;
    for (Value result : op.getResults())
      if (isFloat(result))
        active.insert(result);
  }
}

LogicalResult Tape::run(Value loss) {
  Block &block = *loss.getParentBlock();
  location = loss.getLoc();
  markActive(block);
  if (!active.contains(loss))
    return success();
  IndexedBuilder tensors(place, loc());
  auto type = cast<RankedTensorType>(loss.getType());
  add(loss, tensors.constant(FloatAttr::get(type.getElementType(), 1.0), {}));
  SmallVector<Operation *> forward;
  for (Operation &op : block) {
    if (&op == &*place.getInsertionPoint())
      break;
    auto isActive = [&](Value result) { return active.contains(result); };
    auto isRoot = [&](Value result) { return roots.contains(result); };
    if (llvm::any_of(op.getResults(), isActive) &&
        llvm::none_of(op.getResults(), isRoot))
      forward.push_back(&op);
  }
  for (Operation *op : llvm::reverse(forward))
    if (failed(reverse(*op)))
      return failure();
  return success();
}

LogicalResult Tape::reverse(Operation &op) {
  bool reached = llvm::any_of(
      op.getResults(), [&](Value result) { return pending.contains(result); });
  if (!reached)
    return success();
  location = op.getLoc();
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return reverseGeneric(generic);
  if (auto differentiable = dyn_cast<nn::DifferentiableOpInterface>(op))
    return differentiable.differentiate(*this);
  if (isa<tensor::TensorDialect>(op.getDialect()))
    return reverseView(op);
  return op.emitError() << "has no gradient";
}

//===-- Terms -------------------------------------------------------------===//

void Tape::add(Value operand, Value term) {
  assert(operand.getType() == term.getType() &&
         "a gradient has its value's type");
  if (active.contains(operand))
    pending[operand].whole.push_back(term);
}

void Tape::addRows(Value operand, Value indices, Value updates) {
  if (active.contains(operand))
    pending[operand].rows.push_back({indices, updates});
}

void Tape::addWindow(Value operand, Value term, ArrayRef<int64_t> offsets,
                     ArrayRef<int64_t> strides) {
  if (active.contains(operand))
    pending[operand].windows.push_back(
        {term, SmallVector<int64_t>(offsets), SmallVector<int64_t>(strides)});
}

Value Tape::gradientOf(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  auto terms = pending.find(value);
  if (terms == pending.end())
    return nullptr;
  Value sum = sumTerms(value, terms->second);
  known[value] = sum;
  return sum;
}

Value Tape::sumTerms(Value value, Terms &terms) {
  auto type = cast<RankedTensorType>(value.getType());
  IndexedBuilder tensors(place, loc());
  SmallVector<Label> labels = tensors.newLabels(type.getShape());
  SmallVector<Value> parts = terms.whole;
  if (!terms.windows.empty()) {
    if (Value joined = joinWindows(type, terms.windows))
      parts.push_back(joined);
    else
      for (const Window &window : terms.windows)
        parts.push_back(padWindow(type, window));
  }
  Value sum;
  for (Value part : parts) {
    if (!sum) {
      sum = part;
      continue;
    }
    Indexed next = tensors.apply<arith::AddFOp>(
        {tensors.view(sum, labels), tensors.view(part, labels)});
    sum = tensors.materialize(next, labels);
  }
  for (const Rows &rows : terms.rows) {
    if (!sum)
      sum = tensors.materialize(tensors.number(0.0, type.getElementType()),
                                labels);
    sum = nn::ScatterAddOp::create(place, loc(), type, sum, rows.indices,
                                   rows.updates);
  }
  return sum;
}

//===-- Windows -----------------------------------------------------------===//

/// Windows that lie one behind the other along one dimension and fill the value
/// are one `tensor.concat`, which their producers can write in place.
Value Tape::joinWindows(RankedTensorType type,
                        MutableArrayRef<Window> windows) {
  if (windows.size() < 2)
    return nullptr;
  std::optional<int64_t> axis;
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension)
    for (const Window &window : windows) {
      if (window.strides[dimension] != 1)
        return nullptr;
      bool whole =
          cast<RankedTensorType>(window.term.getType()).getDimSize(dimension) ==
          type.getDimSize(dimension);
      if (whole)
        continue;
      if (axis && *axis != dimension)
        return nullptr;
      axis = dimension;
    }
  if (!axis)
    return nullptr;
  llvm::sort(windows, [&](const Window &a, const Window &b) {
    return a.offsets[*axis] < b.offsets[*axis];
  });
  int64_t end = 0;
  SmallVector<Value> parts;
  for (const Window &window : windows) {
    if (window.offsets[*axis] != end)
      return nullptr;
    end += cast<RankedTensorType>(window.term.getType()).getDimSize(*axis);
    parts.push_back(window.term);
  }
  if (end != type.getDimSize(*axis))
    return nullptr;
  return tensor::ConcatOp::create(place, loc(), type, *axis, parts);
}

/// Each element of a strided window with zeros behind it: the places between
/// two of the window. What lies outside of `type` is cut off.
static Value spreadWindow(OpBuilder &builder, Location loc, Value term,
                          RankedTensorType type, ArrayRef<int64_t> offsets,
                          ArrayRef<int64_t> strides) {
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> split, spread, whole, cut;
  SmallVector<OpFoldResult> low, high, zeros, ones;
  auto termType = cast<RankedTensorType>(term.getType());
  auto index = [&](int64_t value) { return builder.getIndexAttr(value); };
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
    int64_t size = termType.getDimSize(dimension), stride = strides[dimension];
    int64_t first = split.size();
    groups.push_back({first, first + 1});
    split.append({size, 1});
    spread.append({size, stride});
    low.append({index(0), index(0)});
    high.append({index(0), index(stride - 1)});
    whole.push_back(size * stride);
    cut.push_back(std::min(size * stride,
                           type.getDimSize(dimension) - offsets[dimension]));
    zeros.push_back(index(0));
    ones.push_back(index(1));
  }
  Type element = type.getElementType();
  Value zero = arith::ConstantOp::create(builder, loc, //
                                         builder.getZeroAttr(element));
  term = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(split, element), term, groups);
  term = tensor::PadOp::create(builder, loc,
                               RankedTensorType::get(spread, element), term,
                               low, high, zero);
  term = tensor::CollapseShapeOp::create(
      builder, loc, RankedTensorType::get(whole, element), term, groups);
  if (cut == whole)
    return term;
  return tensor::ExtractSliceOp::create(
      builder, loc, RankedTensorType::get(cut, element), term, zeros,
      getAsIndexOpFoldResult(builder.getContext(), cut), ones);
}

Value Tape::padWindow(RankedTensorType type, const Window &window) {
  Value term = window.term;
  if (!llvm::all_of(window.strides, [](int64_t stride) { return stride == 1; }))
    term =
        spreadWindow(place, loc(), term, type, window.offsets, window.strides);
  auto termType = cast<RankedTensorType>(term.getType());
  if (termType == type)
    return term;
  Value zero = arith::ConstantOp::create(
      place, loc(), place.getZeroAttr(type.getElementType()));
  SmallVector<OpFoldResult> low, high;
  for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
    int64_t offset = window.offsets[dimension];
    low.push_back(place.getIndexAttr(offset));
    high.push_back(place.getIndexAttr(type.getDimSize(dimension) - offset -
                                      termType.getDimSize(dimension)));
  }
  return tensor::PadOp::create(place, loc(), type, term, low, high, zero);
}

//===-- Score regions -----------------------------------------------------===//

LogicalResult Tape::differentiateScore(Region &score, Region &gradient,
                                       ArrayRef<unsigned> captures) {
  IRMapping mapping;
  score.cloneInto(&gradient, mapping);
  Block &block = gradient.front();
  Operation *yield = block.getTerminator();
  Value root = yield->getOperand(0);
  Value seed = block.addArgument(root.getType(), score.getLoc());
  OpBuilder builder(yield);
  IndexedBuilder scalars(builder, loc(), /*scalars=*/true);
  llvm::DenseMap<Value, Indexed> gradients;
  gradients[root] = {seed, {}, nullptr};
  auto termOf = [&](Value value) -> Indexed {
    auto constant = value.getDefiningOp<arith::ConstantOp>();
    if (constant)
      return scalars.number(cast<TypedAttr>(constant.getValue()));
    return {value, {}, nullptr};
  };
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops)) {
    if (op->getNumResults() != 1 || !gradients.contains(op->getResult(0)) ||
        isa<arith::ConstantOp>(op))
      continue;
    SmallVector<Indexed> operands =
        llvm::map_to_vector(op->getOperands(), termOf);
    for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
      if (!isa<FloatType>(operand.getType()))
        continue;
      auto term =
          derivative(op, index, operands, termOf(op->getResult(0)),
                     gradients.lookup(op->getResult(0)), scalars, mutation);
      if (failed(term))
        return failure();
      if (!term->tensor && !term->number)
        continue;
      auto [place, fresh] = gradients.try_emplace(operand, *term);
      if (!fresh)
        place->second = scalars.apply<arith::AddFOp>({place->second, *term});
    }
  }
  SmallVector<unsigned> arguments = {0};
  llvm::append_range(arguments, captures);
  SmallVector<Value> results;
  for (unsigned argument : arguments) {
    Value value = block.getArgument(argument);
    auto found = gradients.find(value);
    Indexed term = found != gradients.end()
                       ? found->second
                       : scalars.number(0.0, value.getType());
    results.push_back(
        term.isNumber()
            ? arith::ConstantOp::create(builder, loc(), term.number).getResult()
            : term.tensor);
  }
  nn::YieldOp::create(builder, loc(), results);
  yield->erase();
  return success();
}
