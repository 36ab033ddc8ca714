// RUN: ogee-opt %s --ogee-schedule | FileCheck %s

// Without clipping nothing waits for the norm: updates of weights are in the
// epilogue of the product that makes their gradient, updates of biases in the
// finish region of the kernel that sums theirs.

// CHECK: kernel.func @contraction_2({{.*}} -> (tensor<32x24xf32>, tensor<f32>, tensor<24xf32>)
// CHECK: attrs = {kernel.partial}
// CHECK: arith.subf
// CHECK: kernel.func @contraction_3({{.*}} -> (tensor<f32>, tensor<10x24xf32>)
// CHECK: arith.subf
// CHECK-LABEL: kernel.program @step
// The rate and its scalars come first, then both directions, then the norm; no
// update before the launch that makes the loss.
// CHECK-NEXT: kernel.launch @contraction(
// CHECK-NEXT: kernel.launch @contraction_1(
// CHECK-NEXT: [[LOSS:%.*]]:2 = kernel.launch @row(
// CHECK-NEXT: [[RATE:%.*]]:2 = kernel.launch @row_1(%arg6, %arg7)
// CHECK-NEXT: kernel.launch @row_2(
// CHECK-NEXT: [[DH:%.*]]:3 = kernel.launch @contraction_2({{.*}}, %arg1)
// CHECK-NEXT: [[DW2:%.*]]:2 = kernel.launch @contraction_3({{.*}}, %arg2)
// CHECK-NEXT: [[DW1:%.*]]:2 = kernel.launch @contraction_4({{.*}}, %arg0)
// CHECK-NEXT: [[NORM:%.*]] = kernel.launch @row_3(
// CHECK-NEXT: kernel.yield [[LOSS]]#1, [[NORM]], [[RATE]]#0, [[DW1]]#1, [[DH]]#2, [[DW2]]#1,

// A training step of a two-layer perceptron, as differentiate would write it.
func.func @step(%w1: tensor<24x20xf32> {nn.class = "param", nn.path = "w1"}, %b1: tensor<24xf32> {nn.class = "param", nn.path = "b1"}, %w2: tensor<10x24xf32> {nn.class = "param", nn.path = "w2"}, %b2: tensor<10xf32> {nn.class = "param", nn.path = "b2"}, %image: tensor<32x20xf32> {nn.class = "data", nn.name = "image"}, %label: tensor<32xi32> {nn.class = "data", nn.name = "label"}, %step: tensor<i64> {nn.class = "scalar", nn.name = "step"}, %steps: tensor<i64> {nn.class = "scalar", nn.name = "steps"})
    -> (tensor<f32> {nn.name = "loss"}, tensor<f32> {nn.name = "norm"}, tensor<f64> {nn.name = "rate"}, tensor<24x20xf32> {nn.updates = "w1"}, tensor<24xf32> {nn.updates = "b1"}, tensor<10x24xf32> {nn.updates = "w2"}, tensor<10xf32> {nn.updates = "b2"}) {
  %1 = arith.constant 0.0 : f32
  %2 = tensor.empty() : tensor<32x24xf32>
  %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<32x24xf32>) -> tensor<32x24xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> (o, i)>, affine_map<(n, o, i) -> (n, o)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%image, %w1 : tensor<32x20xf32>, tensor<24x20xf32>) outs(%3 : tensor<32x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<32x24xf32>
  %5 = tensor.empty() : tensor<32x24xf32>
  %6 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%4, %b1 : tensor<32x24xf32>, tensor<24xf32>) outs(%5 : tensor<32x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32x24xf32>
  %7 = tensor.empty() : tensor<32x24xf32>
  %8 = linalg.generic {indexing_maps = [affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (n, h)>], iterator_types = ["parallel", "parallel"]} ins(%6 : tensor<32x24xf32>) outs(%7 : tensor<32x24xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %z = arith.constant 0.0 : f32
    %r = arith.maximumf %x0, %z : f32
    linalg.yield %r : f32
  } -> tensor<32x24xf32>
  %9 = tensor.empty() : tensor<32x10xf32>
  %10 = linalg.fill ins(%1 : f32) outs(%9 : tensor<32x10xf32>) -> tensor<32x10xf32>
  %11 = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> (o, i)>, affine_map<(n, o, i) -> (n, o)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%8, %w2 : tensor<32x24xf32>, tensor<10x24xf32>) outs(%10 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %12 = tensor.empty() : tensor<32x10xf32>
  %13 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%11, %b2 : tensor<32x10xf32>, tensor<10xf32>) outs(%12 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %14 = nn.logsumexp %13 over [1] : tensor<32x10xf32> -> tensor<32xf32>
  %15 = tensor.empty() : tensor<32x10xi1>
  %16 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%label : tensor<32xi32>) outs(%15 : tensor<32x10xi1>) {
  ^bb0(%x0: i32, %o: i1):
    %i = linalg.index 1 : index
    %j = arith.index_cast %i : index to i32
    %r = arith.cmpi eq, %j, %x0 : i32
    linalg.yield %r : i1
  } -> tensor<32x10xi1>
  %17 = arith.constant  dense<0.0> : tensor<32x10xf32>
  %18 = tensor.empty() : tensor<32x10xf32>
  %19 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%16, %13, %17 : tensor<32x10xi1>, tensor<32x10xf32>, tensor<32x10xf32>) outs(%18 : tensor<32x10xf32>) {
  ^bb0(%x0: i1, %x1: f32, %x2: f32, %o: f32):
    %r = arith.select %x0, %x1, %x2 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %20 = tensor.empty() : tensor<32xf32>
  %21 = linalg.fill ins(%1 : f32) outs(%20 : tensor<32xf32>) -> tensor<32xf32>
  %22 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n)>], iterator_types = ["parallel", "reduction"]} ins(%19 : tensor<32x10xf32>) outs(%21 : tensor<32xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.addf %x0, %o : f32
    linalg.yield %r : f32
  } -> tensor<32xf32>
  %23 = tensor.empty() : tensor<32xf32>
  %24 = linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]} ins(%14, %22 : tensor<32xf32>, tensor<32xf32>) outs(%23 : tensor<32xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32xf32>
  %25 = tensor.empty() : tensor<f32>
  %26 = linalg.fill ins(%1 : f32) outs(%25 : tensor<f32>) -> tensor<f32>
  %27 = linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> ()>], iterator_types = ["reduction"]} ins(%24 : tensor<32xf32>) outs(%26 : tensor<f32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.addf %x0, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %28 = arith.constant  dense<32.0> : tensor<f32>
  %29 = tensor.empty() : tensor<f32>
  %30 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%27, %28 : tensor<f32>, tensor<f32>) outs(%29 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.divf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %31 = tensor.empty() : tensor<f64>
  %32 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%step, %steps : tensor<i64>, tensor<i64>) outs(%31 : tensor<f64>) {
  ^bb0(%x0: i64, %x1: i64, %o: f64):
    %s = arith.sitofp %x0 : i64 to f64
    %t = arith.sitofp %x1 : i64 to f64
    %q = arith.divf %s, %t : f64
    %c = arith.constant 0.1 : f64
    %r = arith.mulf %q, %c : f64
    linalg.yield %r : f64
  } -> tensor<f64>
  %33 = tensor.empty() : tensor<f32>
  %34 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%32 : tensor<f64>) outs(%33 : tensor<f32>) {
  ^bb0(%x0: f64, %o: f32):
    %r = arith.truncf %x0 : f64 to f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %35 = arith.constant {nn.seed} dense<1.0> : tensor<f32>
  %36 = tensor.empty() : tensor<f32>
  %37 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%35, %28 : tensor<f32>, tensor<f32>) outs(%36 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.divf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %38 = tensor.empty() : tensor<32xf32>
  %39 = linalg.generic {indexing_maps = [affine_map<(n) -> ()>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]} ins(%37 : tensor<f32>) outs(%38 : tensor<32xf32>) {
  ^bb0(%x0: f32, %o: f32):
    linalg.yield %x0 : f32
  } -> tensor<32xf32>
  %40 = tensor.empty() : tensor<32x10xf32>
  %41 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%13, %14 : tensor<32x10xf32>, tensor<32xf32>) outs(%40 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %42 = tensor.empty() : tensor<32x10xf32>
  %43 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%41 : tensor<32x10xf32>) outs(%42 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = math.exp %x0 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %44 = tensor.empty() : tensor<32x10xf32>
  %45 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%43, %39 : tensor<32x10xf32>, tensor<32xf32>) outs(%44 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %46 = tensor.empty() : tensor<32xf32>
  %47 = linalg.generic {indexing_maps = [affine_map<(n) -> (n)>, affine_map<(n) -> (n)>], iterator_types = ["parallel"]} ins(%39 : tensor<32xf32>) outs(%46 : tensor<32xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.negf %x0 : f32
    linalg.yield %r : f32
  } -> tensor<32xf32>
  %48 = tensor.empty() : tensor<32x10xf32>
  %49 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%16, %47, %17 : tensor<32x10xi1>, tensor<32xf32>, tensor<32x10xf32>) outs(%48 : tensor<32x10xf32>) {
  ^bb0(%x0: i1, %x1: f32, %x2: f32, %o: f32):
    %r = arith.select %x0, %x1, %x2 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %50 = tensor.empty() : tensor<32x10xf32>
  %51 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (n, o)>], iterator_types = ["parallel", "parallel"]} ins(%45, %49 : tensor<32x10xf32>, tensor<32x10xf32>) outs(%50 : tensor<32x10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<32x10xf32>
  %52 = tensor.empty() : tensor<10xf32>
  %53 = linalg.fill ins(%1 : f32) outs(%52 : tensor<10xf32>) -> tensor<10xf32>
  %54 = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (o)>], iterator_types = ["reduction", "parallel"]} ins(%51 : tensor<32x10xf32>) outs(%53 : tensor<10xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.addf %x0, %o : f32
    linalg.yield %r : f32
  } -> tensor<10xf32>
  %55 = tensor.empty() : tensor<10x24xf32>
  %56 = linalg.fill ins(%1 : f32) outs(%55 : tensor<10x24xf32>) -> tensor<10x24xf32>
  %57 = linalg.generic {indexing_maps = [affine_map<(o, h, n) -> (n, o)>, affine_map<(o, h, n) -> (n, h)>, affine_map<(o, h, n) -> (o, h)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%51, %8 : tensor<32x10xf32>, tensor<32x24xf32>) outs(%56 : tensor<10x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<10x24xf32>
  %58 = tensor.empty() : tensor<32x24xf32>
  %59 = linalg.fill ins(%1 : f32) outs(%58 : tensor<32x24xf32>) -> tensor<32x24xf32>
  %60 = linalg.generic {indexing_maps = [affine_map<(n, h, o) -> (n, o)>, affine_map<(n, h, o) -> (o, h)>, affine_map<(n, h, o) -> (n, h)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%51, %w2 : tensor<32x10xf32>, tensor<10x24xf32>) outs(%59 : tensor<32x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<32x24xf32>
  %61 = tensor.empty() : tensor<32x24xi1>
  %62 = linalg.generic {indexing_maps = [affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (n, h)>], iterator_types = ["parallel", "parallel"]} ins(%6 : tensor<32x24xf32>) outs(%61 : tensor<32x24xi1>) {
  ^bb0(%x0: f32, %o: i1):
    %z = arith.constant 0.0 : f32
    %r = arith.cmpf ogt, %x0, %z : f32
    linalg.yield %r : i1
  } -> tensor<32x24xi1>
  %63 = arith.constant  dense<0.0> : tensor<32x24xf32>
  %64 = tensor.empty() : tensor<32x24xf32>
  %65 = linalg.generic {indexing_maps = [affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (n, h)>], iterator_types = ["parallel", "parallel"]} ins(%62, %60, %63 : tensor<32x24xi1>, tensor<32x24xf32>, tensor<32x24xf32>) outs(%64 : tensor<32x24xf32>) {
  ^bb0(%x0: i1, %x1: f32, %x2: f32, %o: f32):
    %r = arith.select %x0, %x1, %x2 : f32
    linalg.yield %r : f32
  } -> tensor<32x24xf32>
  %66 = tensor.empty() : tensor<24xf32>
  %67 = linalg.fill ins(%1 : f32) outs(%66 : tensor<24xf32>) -> tensor<24xf32>
  %68 = linalg.generic {indexing_maps = [affine_map<(n, h) -> (n, h)>, affine_map<(n, h) -> (h)>], iterator_types = ["reduction", "parallel"]} ins(%65 : tensor<32x24xf32>) outs(%67 : tensor<24xf32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = arith.addf %x0, %o : f32
    linalg.yield %r : f32
  } -> tensor<24xf32>
  %69 = tensor.empty() : tensor<24x20xf32>
  %70 = linalg.fill ins(%1 : f32) outs(%69 : tensor<24x20xf32>) -> tensor<24x20xf32>
  %71 = linalg.generic {indexing_maps = [affine_map<(h, i, n) -> (n, h)>, affine_map<(h, i, n) -> (n, i)>, affine_map<(h, i, n) -> (h, i)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%65, %image : tensor<32x24xf32>, tensor<32x20xf32>) outs(%70 : tensor<24x20xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<24x20xf32>
  %72 = tensor.empty() : tensor<f32>
  %73 = linalg.fill ins(%1 : f32) outs(%72 : tensor<f32>) -> tensor<f32>
  %74 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%71, %71 : tensor<24x20xf32>, tensor<24x20xf32>) outs(%73 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %75 = tensor.empty() : tensor<f32>
  %76 = linalg.fill ins(%1 : f32) outs(%75 : tensor<f32>) -> tensor<f32>
  %77 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> (h)>, affine_map<(h) -> ()>], iterator_types = ["reduction"]} ins(%68, %68 : tensor<24xf32>, tensor<24xf32>) outs(%76 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %78 = tensor.empty() : tensor<f32>
  %79 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%74, %77 : tensor<f32>, tensor<f32>) outs(%78 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %80 = tensor.empty() : tensor<f32>
  %81 = linalg.fill ins(%1 : f32) outs(%80 : tensor<f32>) -> tensor<f32>
  %82 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%57, %57 : tensor<10x24xf32>, tensor<10x24xf32>) outs(%81 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %83 = tensor.empty() : tensor<f32>
  %84 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%79, %82 : tensor<f32>, tensor<f32>) outs(%83 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %85 = tensor.empty() : tensor<f32>
  %86 = linalg.fill ins(%1 : f32) outs(%85 : tensor<f32>) -> tensor<f32>
  %87 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> (h)>, affine_map<(h) -> ()>], iterator_types = ["reduction"]} ins(%54, %54 : tensor<10xf32>, tensor<10xf32>) outs(%86 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %m = arith.mulf %x0, %x1 : f32
    %r = arith.addf %m, %o : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %88 = tensor.empty() : tensor<f32>
  %89 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%84, %87 : tensor<f32>, tensor<f32>) outs(%88 : tensor<f32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.addf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %90 = tensor.empty() : tensor<f32>
  %91 = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%89 : tensor<f32>) outs(%90 : tensor<f32>) {
  ^bb0(%x0: f32, %o: f32):
    %r = math.sqrt %x0 : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %92 = tensor.empty() : tensor<24x20xf32>
  %93 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> ()>, affine_map<(h, i) -> (h, i)>], iterator_types = ["parallel", "parallel"]} ins(%71, %34 : tensor<24x20xf32>, tensor<f32>) outs(%92 : tensor<24x20xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<24x20xf32>
  %94 = tensor.empty() : tensor<24x20xf32>
  %95 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>], iterator_types = ["parallel", "parallel"]} ins(%w1, %93 : tensor<24x20xf32>, tensor<24x20xf32>) outs(%94 : tensor<24x20xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<24x20xf32>
  %96 = tensor.empty() : tensor<24xf32>
  %97 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> ()>, affine_map<(h) -> (h)>], iterator_types = ["parallel"]} ins(%68, %34 : tensor<24xf32>, tensor<f32>) outs(%96 : tensor<24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<24xf32>
  %98 = tensor.empty() : tensor<24xf32>
  %99 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> (h)>, affine_map<(h) -> (h)>], iterator_types = ["parallel"]} ins(%b1, %97 : tensor<24xf32>, tensor<24xf32>) outs(%98 : tensor<24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<24xf32>
  %100 = tensor.empty() : tensor<10x24xf32>
  %101 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> ()>, affine_map<(h, i) -> (h, i)>], iterator_types = ["parallel", "parallel"]} ins(%57, %34 : tensor<10x24xf32>, tensor<f32>) outs(%100 : tensor<10x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<10x24xf32>
  %102 = tensor.empty() : tensor<10x24xf32>
  %103 = linalg.generic {indexing_maps = [affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>, affine_map<(h, i) -> (h, i)>], iterator_types = ["parallel", "parallel"]} ins(%w2, %101 : tensor<10x24xf32>, tensor<10x24xf32>) outs(%102 : tensor<10x24xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<10x24xf32>
  %104 = tensor.empty() : tensor<10xf32>
  %105 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> ()>, affine_map<(h) -> (h)>], iterator_types = ["parallel"]} ins(%54, %34 : tensor<10xf32>, tensor<f32>) outs(%104 : tensor<10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.mulf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<10xf32>
  %106 = tensor.empty() : tensor<10xf32>
  %107 = linalg.generic {indexing_maps = [affine_map<(h) -> (h)>, affine_map<(h) -> (h)>, affine_map<(h) -> (h)>], iterator_types = ["parallel"]} ins(%b2, %105 : tensor<10xf32>, tensor<10xf32>) outs(%106 : tensor<10xf32>) {
  ^bb0(%x0: f32, %x1: f32, %o: f32):
    %r = arith.subf %x0, %x1 : f32
    linalg.yield %r : f32
  } -> tensor<10xf32>
  return %30, %91, %32, %95, %99, %103, %107 : tensor<f32>, tensor<f32>, tensor<f64>, tensor<24x20xf32>, tensor<24xf32>, tensor<10x24xf32>, tensor<10xf32>
}
