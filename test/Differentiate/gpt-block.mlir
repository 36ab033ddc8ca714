// One block of a GPT of width 8 with a tied head, AdamW and clipping, as the
// importer writes it.
// RUN: ogee-opt --ogee-flatten --ogee-differentiate %s | FileCheck %s

// CHECK-LABEL: func.func @step
// CHECK: nn.gather
// CHECK: nn.moments
// CHECK: nn.attention {{.*}}causal
// CHECK: nn.moments
// CHECK: math.tanh
// CHECK-NOT: math.tanh
// CHECK: nn.moments
// CHECK: nn.logsumexp
// CHECK: nn.attention_grad {{.*}}causal
// CHECK: nn.scatter_add
// CHECK: math.sqrt
// CHECK-LABEL: func.func @evaluate

module {
arch.instance "" of "GPT" {
arch.param "position" : tensor<6x8xf32> init <normal, 0.0, 0.02> {role = "position"}
arch.instance "embed" of "Embedding" { arch.param "weight" : tensor<11x8xf32> init <normal, 0.0, 0.02> {role = "embedding"} }
arch.instance "blocks" of "list" {
arch.instance "0" of "Block" {
arch.instance "norm1" of "LayerNorm" { arch.param "weight" : tensor<8xf32> init <constant, 1.0, 0.0> {role = "gain"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "norm2" of "LayerNorm" { arch.param "weight" : tensor<8xf32> init <constant, 1.0, 0.0> {role = "gain"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "attend" of "Attention" {
arch.instance "query" of "Linear" { arch.param "weight" : tensor<8x8xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "key" of "Linear" { arch.param "weight" : tensor<8x8xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "value" of "Linear" { arch.param "weight" : tensor<8x8xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "output" of "Linear" { arch.param "weight" : tensor<8x8xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
}
arch.instance "mlp" of "MLP" {
arch.instance "up" of "Linear" { arch.param "weight" : tensor<32x8xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<32xf32> init <constant, 0.0, 0.0> {role = "bias"} }
arch.instance "down" of "Linear" { arch.param "weight" : tensor<8x32xf32> init <normal, 0.0, 0.02> {role = "weight"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
}
}
}
arch.instance "norm" of "LayerNorm" { arch.param "weight" : tensor<8xf32> init <constant, 1.0, 0.0> {role = "gain"} arch.param "bias" : tensor<8xf32> init <constant, 0.0, 0.0> {role = "bias"} }
}
arch.instance "optimizer" of "optimizer" {
arch.instance "position" of "AdamW" { arch.state "m" : tensor<6x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<6x8xf32> init <constant, 0.0, 0.0> }
arch.instance "embed.weight" of "AdamW" { arch.state "m" : tensor<11x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<11x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.norm1.weight" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.norm1.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.norm2.weight" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.norm2.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.query.weight" of "AdamW" { arch.state "m" : tensor<8x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.query.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.key.weight" of "AdamW" { arch.state "m" : tensor<8x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.key.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.value.weight" of "AdamW" { arch.state "m" : tensor<8x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.value.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.output.weight" of "AdamW" { arch.state "m" : tensor<8x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.attend.output.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.mlp.up.weight" of "AdamW" { arch.state "m" : tensor<32x8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<32x8xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.mlp.up.bias" of "AdamW" { arch.state "m" : tensor<32xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<32xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.mlp.down.weight" of "AdamW" { arch.state "m" : tensor<8x32xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8x32xf32> init <constant, 0.0, 0.0> }
arch.instance "blocks.0.mlp.down.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "norm.weight" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
arch.instance "norm.bias" of "AdamW" { arch.state "m" : tensor<8xf32> init <constant, 0.0, 0.0> arch.state "v" : tensor<8xf32> init <constant, 0.0, 0.0> }
}
arch.func @linear(%x: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "Linear"} {
%w = arch.get "weight" : tensor<8x8xf32>
%b = arch.get "bias" : tensor<8xf32>
%y = arch.define : tensor<2x6x8xf32> {
^bb0(%n: index, %q: index, %o: index):
  %s = arch.reduce sum [8] : f32 {
  ^bb0(%i: index):
    %0 = arch.read %x[%n, %q, %i] : tensor<2x6x8xf32> -> f32
    %1 = arch.read %w[%o, %i] : tensor<8x8xf32> -> f32
    %2 = arith.mulf %0, %1 : f32
    arch.yield %2 : f32
  }
  %3 = arch.read %b[%o] : tensor<8xf32> -> f32
  %4 = arith.addf %s, %3 : f32
  arch.yield %4 : f32
}
arch.return %y : tensor<2x6x8xf32>
}
arch.func @up(%x: tensor<2x6x8xf32>) -> tensor<2x6x32xf32> attributes {component = "Linear"} {
%w = arch.get "weight" : tensor<32x8xf32>
%b = arch.get "bias" : tensor<32xf32>
%y = arch.define : tensor<2x6x32xf32> {
^bb0(%n: index, %q: index, %o: index):
  %s = arch.reduce sum [8] : f32 {
  ^bb0(%i: index):
    %0 = arch.read %x[%n, %q, %i] : tensor<2x6x8xf32> -> f32
    %1 = arch.read %w[%o, %i] : tensor<32x8xf32> -> f32
    %2 = arith.mulf %0, %1 : f32
    arch.yield %2 : f32
  }
  %3 = arch.read %b[%o] : tensor<32xf32> -> f32
  %4 = arith.addf %s, %3 : f32
  arch.yield %4 : f32
}
arch.return %y : tensor<2x6x32xf32>
}
arch.func @down(%x: tensor<2x6x32xf32>) -> tensor<2x6x8xf32> attributes {component = "Linear"} {
%w = arch.get "weight" : tensor<8x32xf32>
%b = arch.get "bias" : tensor<8xf32>
%y = arch.define : tensor<2x6x8xf32> {
^bb0(%n: index, %q: index, %o: index):
  %s = arch.reduce sum [32] : f32 {
  ^bb0(%i: index):
    %0 = arch.read %x[%n, %q, %i] : tensor<2x6x32xf32> -> f32
    %1 = arch.read %w[%o, %i] : tensor<8x32xf32> -> f32
    %2 = arith.mulf %0, %1 : f32
    arch.yield %2 : f32
  }
  %3 = arch.read %b[%o] : tensor<8xf32> -> f32
  %4 = arith.addf %s, %3 : f32
  arch.yield %4 : f32
}
arch.return %y : tensor<2x6x8xf32>
}
arch.func @layer_norm(%x: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "LayerNorm"} {
%g = arch.get "weight" : tensor<8xf32>
%b = arch.get "bias" : tensor<8xf32>
%mean = arch.define : tensor<2x6xf32> {
^bb0(%n: index, %q: index):
  %m = arch.reduce mean [8] : f32 {
  ^bb0(%i: index):
    %0 = arch.read %x[%n, %q, %i] : tensor<2x6x8xf32> -> f32
    arch.yield %0 : f32
  }
  arch.yield %m : f32
}
%var = arch.define : tensor<2x6xf32> {
^bb0(%n: index, %q: index):
  %m = arch.reduce mean [8] : f32 {
  ^bb0(%i: index):
    %0 = arch.read %x[%n, %q, %i] : tensor<2x6x8xf32> -> f32
    %1 = arch.read %mean[%n, %q] : tensor<2x6xf32> -> f32
    %2 = arith.subf %0, %1 : f32
    %two = arith.constant 2.0 : f32
    %3 = math.powf %2, %two : f32
    arch.yield %3 : f32
  }
  arch.yield %m : f32
}
%y = arch.define : tensor<2x6x8xf32> {
^bb0(%n: index, %q: index, %d: index):
  %0 = arch.read %x[%n, %q, %d] : tensor<2x6x8xf32> -> f32
  %1 = arch.read %mean[%n, %q] : tensor<2x6xf32> -> f32
  %2 = arith.subf %0, %1 : f32
  %3 = arch.read %var[%n, %q] : tensor<2x6xf32> -> f32
  %eps = arith.constant 1.0e-5 : f32
  %4 = arith.addf %3, %eps : f32
  %5 = math.sqrt %4 : f32
  %6 = arith.divf %2, %5 : f32
  %7 = arch.read %g[%d] : tensor<8xf32> -> f32
  %8 = arith.mulf %6, %7 : f32
  %9 = arch.read %b[%d] : tensor<8xf32> -> f32
  %10 = arith.addf %8, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<2x6x8xf32>
}
arch.func @split(%x: tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32> attributes {component = "split"} {
%y = arch.define : tensor<2x6x2x4xf32> {
^bb0(%n: index, %q: index, %h: index, %d: index):
  %size = arith.constant 4 : index
  %0 = arith.muli %h, %size : index
  %1 = arith.addi %0, %d : index
  %2 = arch.read %x[%n, %q, %1] : tensor<2x6x8xf32> -> f32
  arch.yield %2 : f32
}
arch.return %y : tensor<2x6x2x4xf32>
}
arch.func @attention(%x: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "Attention"} {
%q0 = arch.call @linear at "query"(%x) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%k0 = arch.call @linear at "key"(%x) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%v0 = arch.call @linear at "value"(%x) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%q = arch.call @split at ""(%q0) : (tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32>
%k = arch.call @split at ""(%k0) : (tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32>
%v = arch.call @split at ""(%v0) : (tensor<2x6x8xf32>) -> tensor<2x6x2x4xf32>
%scale = arith.constant 0.5 : f32
%p = arch.define : tensor<2x2x6x6xf32> {
^bb0(%b: index, %h: index, %i: index, %j: index):
  %0 = arch.softmax %j [6] : f32 {
  ^bb0(%k1: index):
    %s = arch.reduce sum [4] : f32 {
    ^bb0(%d: index):
      %share = arith.constant 1 : index
      %g = arith.floordivsi %h, %share : index
      %1 = arch.read %q[%b, %i, %h, %d] : tensor<2x6x2x4xf32> -> f32
      %2 = arch.read %k[%b, %k1, %g, %d] : tensor<2x6x2x4xf32> -> f32
      %3 = arith.mulf %1, %2 : f32
      arch.yield %3 : f32
    }
    %4 = arith.mulf %s, %scale : f32
    %keep = arith.cmpi sle, %k1, %i : index
    arch.yield %4, %keep : f32, i1
  }
  arch.yield %0 : f32
}
%o = arch.define : tensor<2x6x8xf32> {
^bb0(%b: index, %i: index, %n: index):
  %size = arith.constant 4 : index
  %h = arith.floordivsi %n, %size : index
  %e = arith.remsi %n, %size : index
  %share = arith.constant 1 : index
  %g = arith.floordivsi %h, %share : index
  %0 = arch.reduce sum [6] : f32 {
  ^bb0(%k1: index):
    %1 = arch.read %p[%b, %h, %i, %k1] : tensor<2x2x6x6xf32> -> f32
    %2 = arch.read %v[%b, %k1, %g, %e] : tensor<2x6x2x4xf32> -> f32
    %3 = arith.mulf %1, %2 : f32
    arch.yield %3 : f32
  }
  arch.yield %0 : f32
}
%y = arch.call @linear at "output"(%o) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
arch.return %y : tensor<2x6x8xf32>
}
arch.func @gelu(%x: tensor<2x6x32xf32>) -> tensor<2x6x32xf32> attributes {component = "gelu"} {
%y = arch.define : tensor<2x6x32xf32> {
^bb0(%b: index, %i: index, %n: index):
  %0 = arch.read %x[%b, %i, %n] : tensor<2x6x32xf32> -> f32
  %three = arith.constant 3.0 : f32
  %1 = math.powf %0, %three : f32
  %c = arith.constant 0.044715 : f32
  %2 = arith.mulf %1, %c : f32
  %3 = arith.addf %0, %2 : f32
  %r = arith.constant 0.7978845608028654 : f32
  %4 = arith.mulf %3, %r : f32
  %5 = math.tanh %4 : f32
  %one = arith.constant 1.0 : f32
  %6 = arith.addf %5, %one : f32
  %half = arith.constant 0.5 : f32
  %7 = arith.mulf %0, %half : f32
  %8 = arith.mulf %7, %6 : f32
  arch.yield %8 : f32
}
arch.return %y : tensor<2x6x32xf32>
}
arch.func @skip(%x: tensor<2x6x8xf32>, %y: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "skip"} {
%z = arch.define : tensor<2x6x8xf32> {
^bb0(%b: index, %i: index, %n: index):
  %0 = arch.read %x[%b, %i, %n] : tensor<2x6x8xf32> -> f32
  %1 = arch.read %y[%b, %i, %n] : tensor<2x6x8xf32> -> f32
  %2 = arith.addf %0, %1 : f32
  arch.yield %2 : f32
}
arch.return %z : tensor<2x6x8xf32>
}
arch.func @mlp(%x: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "MLP"} {
%0 = arch.call @up at "up"(%x) : (tensor<2x6x8xf32>) -> tensor<2x6x32xf32>
%1 = arch.call @gelu at ""(%0) : (tensor<2x6x32xf32>) -> tensor<2x6x32xf32>
%2 = arch.call @down at "down"(%1) : (tensor<2x6x32xf32>) -> tensor<2x6x8xf32>
arch.return %2 : tensor<2x6x8xf32>
}
arch.func @block(%x: tensor<2x6x8xf32>) -> tensor<2x6x8xf32> attributes {component = "Block"} {
%0 = arch.call @layer_norm at "norm1"(%x) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%1 = arch.call @attention at "attend"(%0) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%2 = arch.call @skip at ""(%x, %1) : (tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%3 = arch.call @layer_norm at "norm2"(%2) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%4 = arch.call @mlp at "mlp"(%3) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%5 = arch.call @skip at ""(%2, %4) : (tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
arch.return %5 : tensor<2x6x8xf32>
}
arch.func @embed(%tokens: tensor<2x6xi32>) -> tensor<2x6x8xf32> attributes {component = "Embedding"} {
%w = arch.get "weight" : tensor<11x8xf32>
%y = arch.define : tensor<2x6x8xf32> {
^bb0(%b: index, %i: index, %n: index):
  %0 = arch.read %tokens[%b, %i] : tensor<2x6xi32> -> i32
  %1 = arith.index_cast %0 : i32 to index
  %2 = arch.read %w[%1, %n] : tensor<11x8xf32> -> f32
  arch.yield %2 : f32
}
arch.return %y : tensor<2x6x8xf32>
}
arch.func @logits(%x: tensor<2x6x8xf32>) -> tensor<2x6x11xf32> attributes {component = "Embedding"} {
%w = arch.get "weight" : tensor<11x8xf32>
%y = arch.define : tensor<2x6x11xf32> {
^bb0(%b: index, %i: index, %n: index):
  %0 = arch.reduce sum [8] : f32 {
  ^bb0(%d: index):
    %1 = arch.read %x[%b, %i, %d] : tensor<2x6x8xf32> -> f32
    %2 = arch.read %w[%n, %d] : tensor<11x8xf32> -> f32
    %3 = arith.mulf %1, %2 : f32
    arch.yield %3 : f32
  }
  arch.yield %0 : f32
}
arch.return %y : tensor<2x6x11xf32>
}
arch.func @gpt(%tokens: tensor<2x6xi32>) -> tensor<2x6x11xf32> attributes {component = "GPT"} {
%e = arch.call @embed at "embed"(%tokens) : (tensor<2x6xi32>) -> tensor<2x6x8xf32>
%position = arch.get "position" : tensor<6x8xf32>
%x0 = arch.define : tensor<2x6x8xf32> {
^bb0(%b: index, %i: index, %n: index):
  %0 = arch.read %e[%b, %i, %n] : tensor<2x6x8xf32> -> f32
  %1 = arch.read %position[%i, %n] : tensor<6x8xf32> -> f32
  %2 = arith.addf %0, %1 : f32
  arch.yield %2 : f32
}
%x1 = arch.call @block at "blocks.0"(%x0) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%n = arch.call @layer_norm at "norm"(%x1) : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
%y = arch.call @logits at "embed"(%n) : (tensor<2x6x8xf32>) -> tensor<2x6x11xf32>
arch.return %y : tensor<2x6x11xf32>
}
arch.func @cross_entropy(%x: tensor<2x6x11xf32>, %t: tensor<2x6xi32>) -> tensor<f32> attributes {component = "cross_entropy"} {
%y = arch.define : tensor<f32> {
  %m = arch.reduce mean [2, 6] : f32 {
  ^bb0(%b: index, %i: index):
    %lse = arch.reduce logsumexp [11] : f32 {
    ^bb0(%v: index):
      %0 = arch.read %x[%b, %i, %v] : tensor<2x6x11xf32> -> f32
      arch.yield %0 : f32
    }
    %1 = arch.read %t[%b, %i] : tensor<2x6xi32> -> i32
    %2 = arith.index_cast %1 : i32 to index
    %3 = arch.read %x[%b, %i, %2] : tensor<2x6x11xf32> -> f32
    %4 = arith.subf %lse, %3 : f32
    %zero = arith.constant 0 : i32
    %keep = arith.cmpi sge, %1, %zero : i32
    arch.yield %4, %keep : f32, i1
  }
  arch.yield %m : f32
}
arch.return %y : tensor<f32>
}
arch.func @loss(%tokens: tensor<2x6xi32> {nn.name = "tokens", nn.bound = 11 : i64}, %targets: tensor<2x6xi32> {nn.name = "targets", nn.bound = 11 : i64}) -> tensor<f32> attributes {component = "loss"} {
%0 = arch.call @gpt at ""(%tokens) : (tensor<2x6xi32>) -> tensor<2x6x11xf32>
%1 = arch.call @cross_entropy at ""(%0, %targets) : (tensor<2x6x11xf32>, tensor<2x6xi32>) -> tensor<f32>
arch.return %1 : tensor<f32>
}
arch.func @rate() -> f64 attributes {component = "constant"} {
%step = arch.run_time "step"
%0 = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%1 = arith.addf %0, %one : f64
%warmup = arith.constant 100.0 : f64
%2 = arith.divf %1, %warmup : f64
%3 = arith.minimumf %2, %one : f64
%r = arith.constant 1.0e-3 : f64
%4 = arith.mulf %3, %r : f64
arch.return %4 : f64
}
arch.func @adamw.0(%w: tensor<6x8xf32>, %g: tensor<6x8xf32>) -> tensor<6x8xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<6x8xf32>
%v = arch.get "v" : tensor<6x8xf32>
%mn = arch.define : tensor<6x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %m[%i0, %i1] : tensor<6x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<6x8xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<6x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %v[%i0, %i1] : tensor<6x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<6x8xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<6x8xf32>
arch.set "v", %vn : tensor<6x8xf32>
%y = arch.define : tensor<6x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %w[%i0, %i1] : tensor<6x8xf32> -> f32
  %decay = arith.constant 0.1 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0, %i1] : tensor<6x8xf32> -> f32
  %3 = arch.read %vn[%i0, %i1] : tensor<6x8xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<6x8xf32>
}
arch.func @adamw.1(%w: tensor<11x8xf32>, %g: tensor<11x8xf32>) -> tensor<11x8xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<11x8xf32>
%v = arch.get "v" : tensor<11x8xf32>
%mn = arch.define : tensor<11x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %m[%i0, %i1] : tensor<11x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<11x8xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<11x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %v[%i0, %i1] : tensor<11x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<11x8xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<11x8xf32>
arch.set "v", %vn : tensor<11x8xf32>
%y = arch.define : tensor<11x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %w[%i0, %i1] : tensor<11x8xf32> -> f32
  %decay = arith.constant 0.1 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0, %i1] : tensor<11x8xf32> -> f32
  %3 = arch.read %vn[%i0, %i1] : tensor<11x8xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<11x8xf32>
}
arch.func @adamw.2(%w: tensor<8xf32>, %g: tensor<8xf32>) -> tensor<8xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<8xf32>
%v = arch.get "v" : tensor<8xf32>
%mn = arch.define : tensor<8xf32> {
^bb0(%i0: index):
  %0 = arch.read %m[%i0] : tensor<8xf32> -> f32
  %1 = arch.read %g[%i0] : tensor<8xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<8xf32> {
^bb0(%i0: index):
  %0 = arch.read %v[%i0] : tensor<8xf32> -> f32
  %1 = arch.read %g[%i0] : tensor<8xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<8xf32>
arch.set "v", %vn : tensor<8xf32>
%y = arch.define : tensor<8xf32> {
^bb0(%i0: index):
  %0 = arch.read %w[%i0] : tensor<8xf32> -> f32
  %decay = arith.constant 0.0 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0] : tensor<8xf32> -> f32
  %3 = arch.read %vn[%i0] : tensor<8xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<8xf32>
}
arch.func @adamw.3(%w: tensor<8x8xf32>, %g: tensor<8x8xf32>) -> tensor<8x8xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<8x8xf32>
%v = arch.get "v" : tensor<8x8xf32>
%mn = arch.define : tensor<8x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %m[%i0, %i1] : tensor<8x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<8x8xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<8x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %v[%i0, %i1] : tensor<8x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<8x8xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<8x8xf32>
arch.set "v", %vn : tensor<8x8xf32>
%y = arch.define : tensor<8x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %w[%i0, %i1] : tensor<8x8xf32> -> f32
  %decay = arith.constant 0.1 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0, %i1] : tensor<8x8xf32> -> f32
  %3 = arch.read %vn[%i0, %i1] : tensor<8x8xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<8x8xf32>
}
arch.func @adamw.4(%w: tensor<32x8xf32>, %g: tensor<32x8xf32>) -> tensor<32x8xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<32x8xf32>
%v = arch.get "v" : tensor<32x8xf32>
%mn = arch.define : tensor<32x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %m[%i0, %i1] : tensor<32x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<32x8xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<32x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %v[%i0, %i1] : tensor<32x8xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<32x8xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<32x8xf32>
arch.set "v", %vn : tensor<32x8xf32>
%y = arch.define : tensor<32x8xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %w[%i0, %i1] : tensor<32x8xf32> -> f32
  %decay = arith.constant 0.1 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0, %i1] : tensor<32x8xf32> -> f32
  %3 = arch.read %vn[%i0, %i1] : tensor<32x8xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<32x8xf32>
}
arch.func @adamw.5(%w: tensor<32xf32>, %g: tensor<32xf32>) -> tensor<32xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<32xf32>
%v = arch.get "v" : tensor<32xf32>
%mn = arch.define : tensor<32xf32> {
^bb0(%i0: index):
  %0 = arch.read %m[%i0] : tensor<32xf32> -> f32
  %1 = arch.read %g[%i0] : tensor<32xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<32xf32> {
^bb0(%i0: index):
  %0 = arch.read %v[%i0] : tensor<32xf32> -> f32
  %1 = arch.read %g[%i0] : tensor<32xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<32xf32>
arch.set "v", %vn : tensor<32xf32>
%y = arch.define : tensor<32xf32> {
^bb0(%i0: index):
  %0 = arch.read %w[%i0] : tensor<32xf32> -> f32
  %decay = arith.constant 0.0 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0] : tensor<32xf32> -> f32
  %3 = arch.read %vn[%i0] : tensor<32xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<32xf32>
}
arch.func @adamw.6(%w: tensor<8x32xf32>, %g: tensor<8x32xf32>) -> tensor<8x32xf32> attributes {component = "AdamW"} {
%rate = arch.call @rate at ""() : () -> f64
%r = arith.truncf %rate : f64 to f32
%step = arch.run_time "step"
%st = arith.sitofp %step : i64 to f64
%one = arith.constant 1.0 : f64
%t = arith.addf %st, %one : f64
%b1 = arith.constant 0.9 : f64
%b2 = arith.constant 0.999 : f64
%p1 = math.powf %b1, %t : f64
%p2 = math.powf %b2, %t : f64
%c1d = arith.subf %one, %p1 : f64
%c2d = arith.subf %one, %p2 : f64
%c1 = arith.truncf %c1d : f64 to f32
%c2 = arith.truncf %c2d : f64 to f32
%m = arch.get "m" : tensor<8x32xf32>
%v = arch.get "v" : tensor<8x32xf32>
%mn = arch.define : tensor<8x32xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %m[%i0, %i1] : tensor<8x32xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<8x32xf32> -> f32
  %be = arith.constant 0.9 : f32
  %om = arith.constant 0.1 : f32
  %2 = arith.mulf %0, %be : f32
  %3 = arith.mulf %1, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
%vn = arch.define : tensor<8x32xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %v[%i0, %i1] : tensor<8x32xf32> -> f32
  %1 = arch.read %g[%i0, %i1] : tensor<8x32xf32> -> f32
  %be = arith.constant 0.999 : f32
  %om = arith.constant 0.001 : f32
  %2 = arith.mulf %0, %be : f32
  %gg = arith.mulf %1, %1 : f32
  %3 = arith.mulf %gg, %om : f32
  %4 = arith.addf %2, %3 : f32
  arch.yield %4 : f32
}
arch.set "m", %mn : tensor<8x32xf32>
arch.set "v", %vn : tensor<8x32xf32>
%y = arch.define : tensor<8x32xf32> {
^bb0(%i0: index, %i1: index):
  %0 = arch.read %w[%i0, %i1] : tensor<8x32xf32> -> f32
  %decay = arith.constant 0.1 : f32
  %dr = arith.mulf %r, %decay : f32
  %onef = arith.constant 1.0 : f32
  %shrink = arith.subf %onef, %dr : f32
  %1 = arith.mulf %0, %shrink : f32
  %2 = arch.read %mn[%i0, %i1] : tensor<8x32xf32> -> f32
  %3 = arch.read %vn[%i0, %i1] : tensor<8x32xf32> -> f32
  %4 = arith.divf %2, %c1 : f32
  %5 = arith.divf %3, %c2 : f32
  %6 = math.sqrt %5 : f32
  %eps = arith.constant 1.0e-8 : f32
  %7 = arith.addf %6, %eps : f32
  %8 = arith.divf %4, %7 : f32
  %9 = arith.mulf %8, %r : f32
  %10 = arith.subf %1, %9 : f32
  arch.yield %10 : f32
}
arch.return %y : tensor<8x32xf32>
}
arch.train "GPT" attributes {step = @loss, evaluate = @loss, data = {kind = "text"}, batch = 2 : i64, steps = 100 : i64, evaluate_every = 10 : i64, seed = 0 : i64, clip = 1.0 : f64} {
arch.optimize "position" by @adamw.0 at "optimizer.position" rate @rate
arch.optimize "embed.weight" by @adamw.1 at "optimizer.embed.weight" rate @rate
arch.optimize "blocks.0.norm1.weight" by @adamw.2 at "optimizer.blocks.0.norm1.weight" rate @rate
arch.optimize "blocks.0.norm1.bias" by @adamw.2 at "optimizer.blocks.0.norm1.bias" rate @rate
arch.optimize "blocks.0.norm2.weight" by @adamw.2 at "optimizer.blocks.0.norm2.weight" rate @rate
arch.optimize "blocks.0.norm2.bias" by @adamw.2 at "optimizer.blocks.0.norm2.bias" rate @rate
arch.optimize "blocks.0.attend.query.weight" by @adamw.3 at "optimizer.blocks.0.attend.query.weight" rate @rate
arch.optimize "blocks.0.attend.query.bias" by @adamw.2 at "optimizer.blocks.0.attend.query.bias" rate @rate
arch.optimize "blocks.0.attend.key.weight" by @adamw.3 at "optimizer.blocks.0.attend.key.weight" rate @rate
arch.optimize "blocks.0.attend.key.bias" by @adamw.2 at "optimizer.blocks.0.attend.key.bias" rate @rate
arch.optimize "blocks.0.attend.value.weight" by @adamw.3 at "optimizer.blocks.0.attend.value.weight" rate @rate
arch.optimize "blocks.0.attend.value.bias" by @adamw.2 at "optimizer.blocks.0.attend.value.bias" rate @rate
arch.optimize "blocks.0.attend.output.weight" by @adamw.3 at "optimizer.blocks.0.attend.output.weight" rate @rate
arch.optimize "blocks.0.attend.output.bias" by @adamw.2 at "optimizer.blocks.0.attend.output.bias" rate @rate
arch.optimize "blocks.0.mlp.up.weight" by @adamw.4 at "optimizer.blocks.0.mlp.up.weight" rate @rate
arch.optimize "blocks.0.mlp.up.bias" by @adamw.5 at "optimizer.blocks.0.mlp.up.bias" rate @rate
arch.optimize "blocks.0.mlp.down.weight" by @adamw.6 at "optimizer.blocks.0.mlp.down.weight" rate @rate
arch.optimize "blocks.0.mlp.down.bias" by @adamw.2 at "optimizer.blocks.0.mlp.down.bias" rate @rate
arch.optimize "norm.weight" by @adamw.2 at "optimizer.norm.weight" rate @rate
arch.optimize "norm.bias" by @adamw.2 at "optimizer.norm.bias" rate @rate
}
}

