// RUN: ogee-opt --ogee-lower-defines --split-input-file --verify-diagnostics %s | FileCheck %s

// The forms of a read in values and gradients: subscripts.test; of a reduction:
// reductions.test. Here: which operations come out.

// CHECK-LABEL: func.func @product
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1 :
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: arith.addf
// A scale that the sum does not depend on is multiplied once, outside.
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: arith.mulf
// CHECK-NOT: linalg.generic
func.func @product(%x: tensor<8x16xf32>, %w: tensor<4x16xf32>) -> tensor<8x4xf32> {
  %y = arch.define : tensor<8x4xf32> {
  ^bb0(%b: index, %o: index):
    %s = arch.reduce sum [16] : f32 {
    ^bb0(%i: index):
      %0 = arch.read %x[%b, %i] : tensor<8x16xf32> -> f32
      %1 = arch.read %w[%o, %i] : tensor<4x16xf32> -> f32
      %c = arith.constant 0.5 : f32
      %2 = arith.mulf %0, %c : f32
      %3 = arith.mulf %2, %1 : f32
      arch.yield %3 : f32
    }
    arch.yield %s : f32
  }
  return %y : tensor<8x4xf32>
}

// -----

// x[b, t, h * 4 + d] is a view.
// CHECK-LABEL: func.func @heads
// CHECK: tensor.expand_shape %arg0 {{\[\[}}0], [1, 2]{{\]}} output_shape [3, 2, 4]
// CHECK-NEXT: return
func.func @heads(%x: tensor<3x8xf32>) -> tensor<3x2x4xf32> {
  %y = arch.define : tensor<3x2x4xf32> {
  ^bb0(%t: index, %h: index, %d: index):
    %c4 = arith.constant 4 : index
    %0 = arith.muli %h, %c4 : index
    %1 = arith.addi %0, %d : index
    %2 = arch.read %x[%t, %1] : tensor<3x8xf32> -> f32
    arch.yield %2 : f32
  }
  return %y : tensor<3x2x4xf32>
}

// -----

// Data choose a row: a gather. Data choose in a later dimension: a selecting sum.
// CHECK-LABEL: func.func @chosen
// CHECK: nn.gather %arg0[%arg2]
// CHECK: linalg.index
// CHECK: arith.cmpi eq
// CHECK: arith.select
// CHECK: arith.addf
func.func @chosen(%table: tensor<5x3xf32>, %x: tensor<6x5xf32>, %at: tensor<6xi32>) -> tensor<6x3xf32> {
  %y = arch.define : tensor<6x3xf32> {
  ^bb0(%t: index, %d: index):
    %0 = arch.read %at[%t] : tensor<6xi32> -> i32
    %1 = arith.index_cast %0 : i32 to index
    %2 = arch.read %table[%1, %d] : tensor<5x3xf32> -> f32
    %3 = arch.read %x[%t, %1] : tensor<6x5xf32> -> f32
    %4 = arith.mulf %2, %3 : f32
    arch.yield %4 : f32
  }
  return %y : tensor<6x3xf32>
}

// -----

// Outside is padded.
// CHECK-LABEL: func.func @shift
// CHECK: tensor.pad %arg0 low[2] high[0]
// CHECK: tensor.extract_slice
func.func @shift(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = arch.define : tensor<6xf32> {
  ^bb0(%t: index):
    %c2 = arith.constant 2 : index
    %0 = arith.subi %t, %c2 : index
    %v = arith.constant 0.5 : f32
    %1 = arch.read %x[%0] else %v : f32 : tensor<6xf32> -> f32
    arch.yield %1 : f32
  }
  return %y : tensor<6xf32>
}

// -----

// A branch that multiplies does not see what it must not: its gradient is 0.
// CHECK-LABEL: func.func @guarded
// CHECK: %[[KEEP:.*]] = linalg.generic {{.*}}ins(%arg0 :
// CHECK: arith.cmpf ogt
// CHECK: %[[SAFE:.*]] = linalg.generic {{.*}}ins(%[[KEEP]], %arg0 :
// CHECK: arith.select
// CHECK: linalg.generic {{.*}}ins(%[[SAFE]] :
// CHECK: math.log
func.func @guarded(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = arch.define : tensor<6xf32> {
  ^bb0(%t: index):
    %zero = arith.constant 0.0 : f32
    %0 = arch.read %x[%t] : tensor<6xf32> -> f32
    %c = arith.cmpf ogt, %0, %zero : f32
    %1 = arch.if %c : f32 {
      %2 = math.log %0 : f32
      arch.yield %2 : f32
    } else {
      arch.yield %zero : f32
    }
    arch.yield %1 : f32
  }
  return %y : tensor<6xf32>
}

// -----

// Scalars of the function are 0-d.
// CHECK-LABEL: func.func @rate
// CHECK: arith.sitofp %{{.*}} : i64 to f64
// CHECK: -> tensor<f64>
// CHECK: math.exp
// CHECK: -> tensor<f64>
func.func @rate(%step: tensor<i64>) -> tensor<f64> {
  %0 = tensor.extract %step[] : tensor<i64>
  %1 = arith.sitofp %0 : i64 to f64
  %2 = math.exp %1 : f64
  %3 = tensor.from_elements %2 : tensor<f64>
  return %3 : tensor<f64>
}

// -----

// A place that data names and that is outside gives what stands after `else`.
// CHECK-LABEL: func.func @chosen
// CHECK: arith.cmpi eq
// CHECK: arith.cmpi ult
// CHECK: arith.select
func.func @chosen(%x: tensor<6xf32>, %at: tensor<6xi32>) -> tensor<6xf32> {
  %y = arch.define : tensor<6xf32> {
  ^bb0(%t: index):
    %0 = arch.read %at[%t] : tensor<6xi32> -> i32
    %1 = arith.index_cast %0 : i32 to index
    %v = arith.constant 0.5 : f32
    %2 = arch.read %x[%1] else %v : f32 : tensor<6xf32> -> f32
    arch.yield %2 : f32
  }
  return %y : tensor<6xf32>
}

// -----

func.func @unsupported(%x: tensor<6xf32>) -> tensor<6xf32> {
  %y = arch.define : tensor<6xf32> {
  ^bb0(%t: index):
    %one = arith.constant 1 : index
    %next = arith.addi %t, %one : index
    %v = arch.read %x[%t] : tensor<6xf32> -> f32
    // expected-error @+1 {{subscripts of this form are not supported}}
    %2 = arch.read %x[%next] else %v : f32 : tensor<6xf32> -> f32
    arch.yield %2 : f32
  }
  return %y : tensor<6xf32>
}
