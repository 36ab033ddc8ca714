// RUN: ogee-opt %s --ogee-prepare-step --ogee-cut-graph | FileCheck %s
// RUN: ogee-opt %s --ogee-schedule | FileCheck %s --check-prefix=KERNELS

// The result of the first product, %h, is saved; what follows from it is cheap to
// compute again, and the forward part then stores nothing else between the two.

// CHECK-LABEL: func.func @step
// CHECK: [[H:%.*]] = linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg1
// CHECK: linalg.generic {{.*}} ins([[H]] : {{.*}} outs({{[^{]*}} {
// CHECK: math.tanh
// CHECK: [[T:%.*]] = linalg.generic {{.*}} ins([[H]] : {{.*}} attrs = {kernel.backward, kernel.recompute}
// CHECK: math.tanh
// CHECK: [[A:%.*]] = linalg.generic {{.*}} ins([[H]], [[T]] : {{.*}} attrs = {kernel.backward, kernel.recompute}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins({{%.*}}, [[A]] {{.*}} attrs = {kernel.backward}

// The first kernel stores %h alone; the one that reads it computes the rest, and
// so do both of the backward part.
// KERNELS: kernel.func @contraction(
// KERNELS-NOT: math.tanh
// KERNELS: kernel.func
// KERNELS: math.tanh
// KERNELS: kernel.func
// KERNELS: math.tanh
// KERNELS: kernel.func
// KERNELS: math.tanh
// KERNELS-LABEL: kernel.program @step
// KERNELS: [[H:%.*]] = kernel.launch @contraction(%arg0, %arg1)

func.func @step(%x: tensor<64x96xf32> {nn.class = "data", nn.name = "x"}, %w: tensor<96x96xf32> {nn.class = "param", nn.path = "w"}, %v: tensor<96x96xf32> {nn.class = "param", nn.path = "v"})
    -> (tensor<f32> {nn.name = "loss"}, tensor<96x96xf32> {nn.updates = "w"}, tensor<96x96xf32> {nn.updates = "v"}) {
  %1 = arith.constant 0.0 : f32
  %2 = tensor.empty() : tensor<64x96xf32>
  %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<64x96xf32>) -> tensor<64x96xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> (o, i)>, affine_map<(n, o, i) -> (n, o)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<64x96xf32>, tensor<96x96xf32>) outs(%3 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %5 = tensor.empty() : tensor<64x96xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%4 : tensor<64x96xf32>) outs(%5 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = math.tanh %x0 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %7 = tensor.empty() : tensor<64x96xf32>
  %8 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%4, %6 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%7 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %9 = tensor.empty() : tensor<64x96xf32>
  %10 = linalg.fill ins(%1 : f32) outs(%9 : tensor<64x96xf32>) -> tensor<64x96xf32>
  %11 = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> (o, i)>, affine_map<(n, o, i) -> (n, o)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%8, %v : tensor<64x96xf32>, tensor<96x96xf32>) outs(%10 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %12 = tensor.empty() : tensor<f32>
  %13 = linalg.fill ins(%1 : f32) outs(%12 : tensor<f32>) -> tensor<f32>
  %14 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%11 : tensor<64x96xf32>) outs(%13 : tensor<f32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.addf %x0, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %15 = arith.constant  dense<1.0> : tensor<64x96xf32>
  %16 = tensor.empty() : tensor<96x96xf32>
  %17 = linalg.fill ins(%1 : f32) outs(%16 : tensor<96x96xf32>) -> tensor<96x96xf32>
  %18 = linalg.generic {indexing_maps = [affine_map<(o, i, n) -> (n, o)>, affine_map<(o, i, n) -> (n, i)>, affine_map<(o, i, n) -> (o, i)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%11, %8 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%17 : tensor<96x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<96x96xf32>
  %19 = tensor.empty() : tensor<64x96xf32>
  %20 = linalg.fill ins(%1 : f32) outs(%19 : tensor<64x96xf32>) -> tensor<64x96xf32>
  %21 = linalg.generic {indexing_maps = [affine_map<(n, i, o) -> (n, o)>, affine_map<(n, i, o) -> (o, i)>, affine_map<(n, i, o) -> (n, i)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%11, %v : tensor<64x96xf32>, tensor<96x96xf32>) outs(%20 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %22 = tensor.empty() : tensor<64x96xf32>
  %23 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%6, %6 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%22 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %24 = tensor.empty() : tensor<64x96xf32>
  %25 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%15, %23 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%24 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %26 = tensor.empty() : tensor<64x96xf32>
  %27 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%4, %25 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%26 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %28 = tensor.empty() : tensor<64x96xf32>
  %29 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%6, %27 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%28 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %30 = tensor.empty() : tensor<64x96xf32>
  %31 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%21, %29 : tensor<64x96xf32>, tensor<64x96xf32>) outs(%30 : tensor<64x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<64x96xf32>
  %32 = tensor.empty() : tensor<96x96xf32>
  %33 = linalg.fill ins(%1 : f32) outs(%32 : tensor<96x96xf32>) -> tensor<96x96xf32>
  %34 = linalg.generic {indexing_maps = [affine_map<(o, i, n) -> (n, o)>, affine_map<(o, i, n) -> (n, i)>, affine_map<(o, i, n) -> (o, i)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%31, %x : tensor<64x96xf32>, tensor<64x96xf32>) outs(%33 : tensor<96x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<96x96xf32>
  %35 = tensor.empty() : tensor<96x96xf32>
  %36 = linalg.generic {indexing_maps = [affine_map<(o, i) -> (o, i)>, affine_map<(o, i) -> (o, i)>, affine_map<(o, i) -> (o, i)>], iterator_types = ["parallel", "parallel"]} ins(%w, %34 : tensor<96x96xf32>, tensor<96x96xf32>) outs(%35 : tensor<96x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<96x96xf32>
  %37 = tensor.empty() : tensor<96x96xf32>
  %38 = linalg.generic {indexing_maps = [affine_map<(o, i) -> (o, i)>, affine_map<(o, i) -> (o, i)>, affine_map<(o, i) -> (o, i)>], iterator_types = ["parallel", "parallel"]} ins(%v, %18 : tensor<96x96xf32>, tensor<96x96xf32>) outs(%37 : tensor<96x96xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<96x96xf32>
  return %14, %36, %38 : tensor<f32>, tensor<96x96xf32>, tensor<96x96xf32>
}
