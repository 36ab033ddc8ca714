// The evaluator's core: variables, what is known, bodies. What each tensor
// operation means is in ElementsOps.cpp, loads and stores in
// ElementsMemory.cpp.
#include "lib/Generate/Cpu/Elements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AffineExprVisitor.h"

#include <numeric>

using namespace mlir;
using namespace ogee;

Elements::Elements(Frame &frame, int64_t lanes)
    : frame(frame), context(frame.builder().getContext()), laneCount(lanes) {
  variables.push_back({Value(), 1});
  for (BlockArgument argument : frame.kernel().getBody().getArguments())
    place(argument, frame.argument(argument.getArgNumber()));
}

AffineExpr Elements::lane() const { return getAffineDimExpr(0, context); }

AffineExpr Elements::variable(Value value, int64_t multipleOf) {
  variables.push_back({value, multipleOf});
  return getAffineDimExpr(variables.size() - 1, context);
}

AffineExpr Elements::constant(int64_t value) const {
  return getAffineConstantExpr(value, context);
}

void Elements::place(Value tensor, Value pointer, ArrayRef<int64_t> strides) {
  Memory memory{pointer, SmallVector<int64_t>(strides)};
  if (strides.empty())
    memory.strides =
        rowMajor(cast<RankedTensorType>(tensor.getType()).getShape());
  memories[tensor] = memory;
}

//===-- Symbolic coordinates ----------------------------------------------===//

AffineExpr Elements::simplify(AffineExpr expression) const {
  return simplifyAffineExpr(expression, variables.size(), 0);
}

bool Elements::variesByLane(AffineExpr expression) const {
  bool varies = false;
  expression.walk([&](AffineExpr part) {
    auto dimension = dyn_cast<AffineDimExpr>(part);
    if (!dimension)
      return;
    const Variable &variable = variables[dimension.getPosition()];
    varies |= !variable.value || isa<VectorType>(variable.value.getType());
  });
  return varies;
}

/// A number that divides every value of the expression; 0 if it is always 0.
int64_t Elements::divisor(AffineExpr expression) const {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return std::abs(constant.getValue());
  if (auto dimension = dyn_cast<AffineDimExpr>(expression))
    return variables[dimension.getPosition()].multipleOf;
  auto binary = cast<AffineBinaryOpExpr>(expression);
  int64_t left = divisor(binary.getLHS()), right = divisor(binary.getRHS());
  switch (expression.getKind()) {
  case AffineExprKind::Add:
  case AffineExprKind::Mod:
    return std::gcd(left, right);
  case AffineExprKind::Mul:
    return left * right;
  default:
    return right != 0 && left % right == 0 ? left / right : 1;
  }
}

/// Splits off the lane. `x floordiv c` and `x mod c` split where a whole vector
/// lies between two multiples of c, which divisors can tell.
std::optional<Elements::LaneForm>
Elements::laneForm(AffineExpr expression) const {
  if (!variesByLane(expression))
    return LaneForm{expression, 0};
  if (isa<AffineDimExpr>(expression)) {
    if (expression == lane())
      return LaneForm{constant(0), 1};
    return std::nullopt;
  }
  auto binary = cast<AffineBinaryOpExpr>(expression);
  auto left = laneForm(binary.getLHS()), right = laneForm(binary.getRHS());
  if (!left || !right)
    return std::nullopt;
  if (expression.getKind() == AffineExprKind::Add)
    return LaneForm{left->start + right->start, left->stride + right->stride};
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!factor)
    return std::nullopt;
  int64_t c = factor.getValue();
  if (expression.getKind() == AffineExprKind::Mul)
    return LaneForm{left->start * c, left->stride * c};
  int64_t step = std::gcd(divisor(left->start), c);
  if (left->stride < 0 || left->stride * (laneCount - 1) >= step)
    return std::nullopt;
  if (expression.getKind() == AffineExprKind::Mod)
    return LaneForm{left->start % c, left->stride};
  return LaneForm{left->start.floorDiv(c), 0};
}

Value Elements::materialise(AffineExpr expression) {
  OpBuilder &b = frame.builder();
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return frame.constant(constant.getValue());
  if (auto dimension = dyn_cast<AffineDimExpr>(expression)) {
    if (Value value = variables[dimension.getPosition()].value)
      return value;
    auto type = VectorType::get({laneCount}, b.getIndexType());
    Value steps = vector::StepOp::create(b, frame.loc(), type);
    return arith::IndexCastOp::create(
        b, frame.loc(), VectorType::get({laneCount}, b.getI64Type()), steps);
  }
  auto binary = cast<AffineBinaryOpExpr>(expression);
  Value left = materialise(binary.getLHS());
  Value right = materialise(binary.getRHS());
  if (isa<VectorType>(left.getType()) || isa<VectorType>(right.getType())) {
    left = frame.splat(left, laneCount);
    right = frame.splat(right, laneCount);
  }
  switch (expression.getKind()) {
  case AffineExprKind::Add:
    return arith::AddIOp::create(b, frame.loc(), left, right);
  case AffineExprKind::Mul:
    return arith::MulIOp::create(b, frame.loc(), left, right);
  case AffineExprKind::Mod: // coordinates are not negative
    return arith::RemUIOp::create(b, frame.loc(), left, right);
  default:
    return arith::DivUIOp::create(b, frame.loc(), left, right);
  }
}

//===-- What is known -----------------------------------------------------===//

Elements::Key Elements::keyOf(Value tensor, ArrayRef<AffineExpr> point,
                              Value mask) const {
  Key key{tensor.getAsOpaquePointer(), mask.getAsOpaquePointer()};
  for (AffineExpr coordinate : point)
    key.push_back(simplify(coordinate).getAsOpaquePointer());
  return key;
}

void Elements::remember(const Key &key, Value value) {
  Value &place = known[key];
  history.emplace_back(key, place);
  place = value;
}

void Elements::bind(Value tensor, ArrayRef<AffineExpr> point, Value value) {
  remember(keyOf(tensor, point, Value()), value);
}

Elements::Scope::Scope(Elements &elements)
    : elements(elements), mark(elements.history.size()), mask(elements.mask) {}

Elements::Scope::~Scope() {
  while (elements.history.size() > mark) {
    auto &[key, before] = elements.history.back();
    if (before)
      elements.known[key] = before;
    else
      elements.known.erase(key);
    elements.history.pop_back();
  }
  elements.mask = mask;
}

Value Elements::fail(Operation *op, Type type, StringRef why) {
  if (!hasFailed)
    op->emitOpError() << "cannot be evaluated in a kernel: " << why;
  hasFailed = true;
  return frame.constant(type, 0);
}

Value Elements::read(Value tensor, ArrayRef<AffineExpr> point) {
  SmallVector<AffineExpr> coordinates;
  for (AffineExpr coordinate : point)
    coordinates.push_back(simplify(coordinate));
  auto bound = known.find(keyOf(tensor, coordinates, Value()));
  if (bound != known.end())
    return bound->second;
  bool varies = llvm::any_of(coordinates, [&](AffineExpr coordinate) {
    return variesByLane(coordinate);
  });
  Key key = keyOf(tensor, coordinates, varies ? mask : Value());
  auto found = known.find(key);
  if (found != known.end())
    return found->second;
  Value value;
  auto memory = memories.find(tensor);
  if (memory != memories.end())
    value = load(memory->second, getElementTypeOrSelf(tensor.getType()),
                 coordinates);
  else
    value = compute(cast<OpResult>(tensor), coordinates);
  remember(key, value);
  return value;
}

Value Elements::readVector(Value tensor, ArrayRef<AffineExpr> point) {
  return frame.splat(read(tensor, point), laneCount);
}

//===-- Bodies ------------------------------------------------------------===//

Value Elements::cloneBody(Operation *op, ValueRange operands) {
  OpBuilder &b = frame.builder();
  bool anyVector = llvm::any_of(operands, [](Value operand) {
    return isa<VectorType>(operand.getType());
  });
  OperationState state(frame.loc(), op->getName());
  state.addAttributes(op->getAttrs());
  for (Value operand : operands)
    state.addOperands(anyVector ? frame.splat(operand, laneCount) : operand);
  for (Type type : op->getResultTypes())
    state.addTypes(anyVector ? VectorType::get({laneCount}, type) : type);
  return b.create(state)->getResult(0);
}

SmallVector<Value> Elements::runBody(Block &block, ValueRange arguments,
                                     Coordinates loops) {
  DenseMap<Value, Value> values;
  for (auto [formal, actual] : llvm::zip_equal(block.getArguments(), arguments))
    values[formal] = actual;
  auto valueOf = [&](Value value) -> Value {
    auto found = values.find(value);
    return found != values.end() ? found->second : scalarOutside(value);
  };
  for (Operation &op : block.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      values[index.getResult()] = asIndex(materialise(loops[index.getDim()]));
      continue;
    }
    auto operands = llvm::map_to_vector(op.getOperands(), valueOf);
    values[op.getResult(0)] = cloneBody(&op, operands);
  }
  return llvm::map_to_vector(block.getTerminator()->getOperands(), valueOf);
}

SmallVector<Value> Elements::cloneBlock(Block &block, ValueRange arguments) {
  return runBody(block, arguments, {});
}

Value Elements::asIndex(Value i64) {
  Type type = frame.builder().getIndexType();
  if (auto vector = dyn_cast<VectorType>(i64.getType()))
    type = VectorType::get(vector.getShape(), type);
  return arith::IndexCastOp::create(frame.builder(), frame.loc(), type, i64);
}

/// A scalar of the kernel's own block: a constant or arithmetic on constants.
Value Elements::scalarOutside(Value scalar) {
  Operation *op = scalar.getDefiningOp();
  if (!op)
    return fail(frame.kernel(), scalar.getType(), "a scalar argument");
  if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    Point point;
    for (Value index : extract.getIndices()) {
      IntegerAttr attribute;
      if (!matchPattern(index, m_Constant(&attribute)))
        return fail(op, scalar.getType(), "an index that is no constant");
      point.push_back(constant(attribute.getInt()));
    }
    return read(extract.getTensor(), point);
  }
  return cloneBody(op,
                   llvm::map_to_vector(op->getOperands(), [&](Value operand) {
                     return scalarOutside(operand);
                   }));
}
