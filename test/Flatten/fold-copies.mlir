// RUN: ogee-opt --ogee-fold-copies --split-input-file %s | FileCheck %s

// A transposed, broadcast operand is read by a map.
// CHECK-DAG: #[[$IDENTITY:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @reader
// CHECK-NOT: tensor.empty() : tensor<4x3xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$IDENTITY]], #[[$COLUMN]], #[[$IDENTITY]]]{{.*}}ins(%arg0, %arg1
// CHECK-NOT: linalg.generic
func.func @reader(%x: tensor<3x4xf32>, %bias: tensor<4xf32>) -> tensor<3x4xf32> {
  %e = tensor.empty() : tensor<4x3xf32>
  %wide = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%bias : tensor<4xf32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x3xf32>
  %f = tensor.empty() : tensor<3x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %wide : tensor<3x4xf32>, tensor<4x3xf32>) outs(%f : tensor<3x4xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

// What only a permuting copy reads is written in that order.
// CHECK-DAG: #[[$IDENTITY:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$TURNED:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func.func @producer
// CHECK: linalg.generic {indexing_maps = [#[[$IDENTITY]], #[[$TURNED]]]{{.*}}ins(%arg0 {{.*}}outs({{.*}}tensor<4x3xf32>)
// CHECK: math.exp
// CHECK-NOT: linalg.generic
func.func @producer(%x: tensor<3x4xf32>) -> tensor<4x3xf32> {
  %e = tensor.empty() : tensor<3x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<3x4xf32>
  %f = tensor.empty() : tensor<4x3xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<3x4xf32>) outs(%f : tensor<4x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<4x3xf32>
  return %z : tensor<4x3xf32>
}

// -----

// A sum over what was repeated keeps its extent.
// CHECK-LABEL: func.func @extent
// CHECK-COUNT-2: linalg.generic
func.func @extent(%x: tensor<3xf32>) -> tensor<3xf32> {
  %e = tensor.empty() : tensor<3x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<3xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<3x4xf32>
  %zero = arith.constant 0.0 : f32
  %f = tensor.empty() : tensor<3xf32>
  %g = linalg.fill ins(%zero : f32) outs(%f : tensor<3xf32>) -> tensor<3xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%y : tensor<3x4xf32>) outs(%g : tensor<3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<3xf32>
  return %z : tensor<3xf32>
}
