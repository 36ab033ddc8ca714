// RUN: ogee-opt %s --ogee-prepare-step --split-input-file | FileCheck %s

!x = tensor<4x6xf32>
#rows = affine_map<(a, b) -> (a, b)>

// What depends on constants alone is a constant in the body that reads it; no
// tensor remains.

// CHECK-LABEL: func.func @constants
// CHECK-NEXT: tensor.empty
// CHECK-NEXT: linalg.generic {{.*}} ins(%arg0 : tensor<4x6xf32>)
// CHECK: arith.constant 5.000000e-01 : f32
// CHECK-NEXT: arith.mulf
// CHECK-NOT: linalg.generic
func.func @constants(%x: !x) -> !x {
  %one = arith.constant dense<1.0> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %e = tensor.empty() : tensor<f32>
  %half = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%one, %two : tensor<f32>, tensor<f32>) outs(%e : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  %f = tensor.empty() : !x
  %y = linalg.generic {indexing_maps = [#rows, affine_map<(a, b) -> ()>, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %half : !x, tensor<f32>) outs(%f : !x) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> !x
  return %y : !x
}

// -----

// Loops of a product: rows, columns, reduced. B is read along the result's last
// dimension, whichever operand was written first.

// CHECK-DAG: [[$A:#.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: [[$B:#.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: [[$C:#.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @product
// CHECK: linalg.generic {indexing_maps = {{\[}}[[$A]], [[$B]], [[$C]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME: ins(%arg1, %arg0
func.func @product(%w: tensor<5x3xf32>, %x: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, n, o) -> (o, i)>, affine_map<(i, n, o) -> (n, i)>, affine_map<(i, n, o) -> (n, o)>],
      iterator_types = ["reduction", "parallel", "parallel"]} ins(%w, %x : tensor<5x3xf32>, tensor<4x3xf32>) outs(%f : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  } -> tensor<4x5xf32>
  return %y : tensor<4x5xf32>
}

// -----

// A sum of squares is no matrix product.

// CHECK-LABEL: func.func @squares
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// CHECK: arith.mulf
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction", "reduction"]
// CHECK: arith.addf
func.func @squares(%x: tensor<4x6xf32>) -> tensor<f32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<f32>) -> tensor<f32>
  %y = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> ()>],
      iterator_types = ["reduction", "reduction"]} ins(%x, %x : tensor<4x6xf32>, tensor<4x6xf32>) outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %0, %o : f32
    linalg.yield %1 : f32
  } -> tensor<f32>
  return %y : tensor<f32>
}

// -----

// A sum of two products is one with two segments.

#a = affine_map<(n, o, i) -> (n, i)>
#b = affine_map<(n, o, i) -> (o, i)>
#c = affine_map<(n, o, i) -> (n, o)>
#id = affine_map<(n, o) -> (n, o)>

// CHECK-LABEL: func.func @segments
// CHECK: [[FIRST:%.*]] = linalg.generic {{.*}} ins(%arg0, %arg1
// CHECK: [[SECOND:%.*]] = linalg.generic {{.*}} ins(%arg2, %arg3 {{.*}} outs([[FIRST]] : tensor<4x5xf32>)
// CHECK: return [[SECOND]]
func.func @segments(%x: tensor<4x3xf32>, %u: tensor<5x3xf32>, %h: tensor<4x7xf32>, %v: tensor<5x7xf32>) -> tensor<4x5xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x5xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
  %0 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %u : tensor<4x3xf32>, tensor<5x3xf32>) outs(%f : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.mulf %a, %b : f32
    %4 = arith.addf %3, %o : f32
    linalg.yield %4 : f32
  } -> tensor<4x5xf32>
  %1 = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%h, %v : tensor<4x7xf32>, tensor<5x7xf32>) outs(%f : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.mulf %a, %b : f32
    %4 = arith.addf %3, %o : f32
    linalg.yield %4 : f32
  } -> tensor<4x5xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %1 : tensor<4x5xf32>, tensor<4x5xf32>) outs(%e : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.addf %a, %b : f32
    linalg.yield %3 : f32
  } -> tensor<4x5xf32>
  return %2 : tensor<4x5xf32>
}

// -----

// A sum of pads that tile a dimension is a concatenation.

#id = affine_map<(n, o) -> (n, o)>

// CHECK-LABEL: func.func @pads
// CHECK-NEXT: [[JOINED:%.*]] = tensor.concat dim(1) %arg0, %arg1
// CHECK-NEXT: return [[JOINED]]
func.func @pads(%x: tensor<4x2xf32>, %y: tensor<4x3xf32>) -> tensor<4x5xf32> {
  %z = arith.constant 0.0 : f32
  %0 = tensor.pad %x low[0, 0] high[0, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %z : f32
  } : tensor<4x2xf32> to tensor<4x5xf32>
  %1 = tensor.pad %y low[0, 2] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %z : f32
  } : tensor<4x3xf32> to tensor<4x5xf32>
  %e = tensor.empty() : tensor<4x5xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %1 : tensor<4x5xf32>, tensor<4x5xf32>) outs(%e : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.addf %a, %b : f32
    linalg.yield %3 : f32
  } -> tensor<4x5xf32>
  return %2 : tensor<4x5xf32>
}

// -----

// What is added to a scatter is where the scatter starts.

#id = affine_map<(n, o) -> (n, o)>

// CHECK-LABEL: func.func @scatter
// CHECK-NEXT: nn.scatter_add %arg2[%arg0], %arg1
func.func @scatter(%i: tensor<4xi32>, %u: tensor<4x3xf32>, %d: tensor<9x3xf32>) -> tensor<9x3xf32> {
  %z = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<9x3xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<9x3xf32>) -> tensor<9x3xf32>
  %0 = nn.scatter_add %f[%i], %u : tensor<9x3xf32>, tensor<4xi32>, tensor<4x3xf32> -> tensor<9x3xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%d, %0 : tensor<9x3xf32>, tensor<9x3xf32>) outs(%e : tensor<9x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %3 = arith.addf %a, %b : f32
    linalg.yield %3 : f32
  } -> tensor<9x3xf32>
  return %1 : tensor<9x3xf32>
}

// -----

// The backward part is what the loss does not need.

// CHECK-LABEL: func.func @step
// CHECK: math.tanh
// CHECK-NOT: kernel.backward
// CHECK: linalg.generic {{.*}} iterator_types = ["reduction"]
// CHECK: linalg.generic {{.*}} attrs = {kernel.backward}
// CHECK: arith.subf
func.func @step(%w: tensor<8xf32> {nn.class = "param", nn.path = "w"}) -> (tensor<f32> {nn.name = "loss"}, tensor<8xf32> {nn.updates = "w"}) {
  %e = tensor.empty() : tensor<8xf32>
  %t = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%w : tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.tanh %a : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  %z = arith.constant 0.0 : f32
  %s = tensor.empty() : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%s : tensor<f32>) -> tensor<f32>
  %l = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%t : tensor<8xf32>) outs(%f : tensor<f32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %a, %o : f32
    linalg.yield %0 : f32
  } -> tensor<f32>
  %u = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%w, %t : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<8xf32>
  return %l, %u : tensor<f32>, tensor<8xf32>
}

// -----

// Operands of products are rounded once for all readers, under the views of them;
// the product reads them widened, so that it is the product that others know.

// CHECK-LABEL: func.func @rounded
// CHECK: linalg.generic {{.*}} ins(%arg0 : tensor<24xf32>) outs({{.*}} : tensor<24xbf16>)
// CHECK: arith.truncf
// CHECK: [[$FLAT:%.*]] = tensor.expand_shape {{.*}} : tensor<24xbf16> into tensor<4x6xbf16>
// CHECK: [[$WIDE:%.*]] = linalg.generic {{.*}} ins([[$FLAT]] : tensor<4x6xbf16>)
// CHECK: arith.extf
// CHECK-NOT: arith.truncf %{{.*}} : f32 to bf16{{$}}
// CHECK: linalg.generic {{.*}} ins([[$WIDE]], {{.*}} : tensor<4x6xf32>, tensor<6x5xf32>)
// CHECK: arith.mulf
module attributes {nn.train = {products = bf16}} {
  func.func @rounded(%x: tensor<24xf32>, %w: tensor<6x5xf32>) -> (tensor<4x5xf32>, tensor<4x6xf32>) {
    %m = tensor.expand_shape %x [[0, 1]] output_shape [4, 6] : tensor<24xf32> into tensor<4x6xf32>
    %c = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x5xf32>
    %z = linalg.fill ins(%c : f32) outs(%e : tensor<4x5xf32>) -> tensor<4x5xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(a, b, k) -> (a, k)>, affine_map<(a, b, k) -> (k, b)>, affine_map<(a, b, k) -> (a, b)>], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%m, %w : tensor<4x6xf32>, tensor<6x5xf32>) outs(%z : tensor<4x5xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %o, %p : f32
      linalg.yield %s : f32
    } -> tensor<4x5xf32>
    %f = tensor.empty() : tensor<4x6xf32>
    %n = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
        ins(%m : tensor<4x6xf32>) outs(%f : tensor<4x6xf32>) {
    ^bb0(%a: f32, %o: f32):
      %p = arith.negf %a : f32
      linalg.yield %p : f32
    } -> tensor<4x6xf32>
    return %y, %n : tensor<4x5xf32>, tensor<4x6xf32>
  }
}

// -----

// A product that a program asks for in f64 stays f64.

// CHECK-LABEL: func.func @wide
// CHECK-NOT: arith.truncf
module attributes {nn.train = {products = bf16}} {
  func.func @wide(%x: tensor<4x6xf64>, %w: tensor<6x5xf64>) -> tensor<4x5xf64> {
    %c = arith.constant 0.0 : f64
    %e = tensor.empty() : tensor<4x5xf64>
    %z = linalg.fill ins(%c : f64) outs(%e : tensor<4x5xf64>) -> tensor<4x5xf64>
    %y = linalg.generic {indexing_maps = [affine_map<(a, b, k) -> (a, k)>, affine_map<(a, b, k) -> (k, b)>, affine_map<(a, b, k) -> (a, b)>], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%x, %w : tensor<4x6xf64>, tensor<6x5xf64>) outs(%z : tensor<4x5xf64>) {
    ^bb0(%a: f64, %b: f64, %o: f64):
      %p = arith.mulf %a, %b : f64
      %s = arith.addf %o, %p : f64
      linalg.yield %s : f64
    } -> tensor<4x5xf64>
    return %y : tensor<4x5xf64>
  }
}
